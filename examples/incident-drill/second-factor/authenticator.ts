import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** An authenticator app on somebody's phone. */
export interface Authenticator {
  /** A code that has not been used and that an app takes now. Where there is none, waits for the next. */
  readonly next: () => Promise<string>;
}

export interface AuthenticatorOptions {
  readonly nowMs?: () => number;
  readonly wait?: (ms: number) => Promise<unknown>;
}

const stepMs = 30_000;
/** A code is not sent in the last moments of its life. */
const marginMs = 4_000;

/**
 * Makes one from the secret that the app showed, in base 32. RFC 6238 with SHA-1, 6 digits, 30 s; written here anew, so that
 * the library is not asked about its own codes.
 */
export function createAuthenticator(base32: string, { nowMs = Date.now, wait = sleep }: AuthenticatorOptions = {}): Authenticator {
  const secret = bytesOf(base32);
  let spent = -1;
  return {
    async next() {
      for (;;) {
        const atMs = nowMs();
        const now = Math.floor(atMs / stepMs);
        // RFC 6238 section 5.2: the code of the step before is taken too.
        const oldest = (now + 1) * stepMs - atMs > marginMs ? now - 1 : now;
        const step = Math.max(spent + 1, oldest);
        if (step <= now) {
          spent = step;
          return codeAt(secret, step);
        }
        await wait(step * stepMs - atMs);
      }
    },
  };
}

/** RFC 4226 section 5.3. */
export function codeAt(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

/** RFC 4648 section 6, with spaces between the groups. */
function bytesOf(base32: string): Uint8Array {
  const chars = base32.replaceAll(/[\s=]/g, '').toUpperCase();
  const bytes = new Uint8Array(Math.floor((chars.length * 5) / 8));
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const value = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(chars.charAt(Math.floor(bit / 5)));
    const isSet = (value >> (4 - (bit % 5))) & 1;
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (isSet << (7 - (bit & 7)));
  }
  return bytes;
}
