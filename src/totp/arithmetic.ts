import { hash, timingSafeEqual } from 'node:crypto';
import type { CryptoPlugin, HashAlgorithm } from 'otplib';

/** What a code is made of beside secret and step. The library makes and takes SHA-1 and 6 digits; the RFCs have more. */
export interface CodeShape {
  readonly algorithm: HashAlgorithm;
  readonly digits: number;
}

/** The form that every authenticator app knows. Some take others and show wrong codes. */
export const commonShape: CodeShape = Object.freeze({ algorithm: 'sha1', digits: 6 });

/** Codes of RFC 4226, by otplib, and secrets in base 32. */
export interface Arithmetic {
  readonly codeAt: (secret: Uint8Array, step: number, shape?: CodeShape) => string;
  readonly toBase32: (secret: Uint8Array) => string;
  /** Throws for what is no base 32. */
  readonly fromBase32: (text: string) => Uint8Array;
}

/** Imported secrets may be as short as 80 bits; otplib would refuse them. */
const minSecretBytes = 10;

let loaded: Promise<Arithmetic> | undefined;

/** Loads otplib, once, on first use. A load that failed is tried again. */
export function arithmetic(): Promise<Arithmetic> {
  loaded ??= load().catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

async function load(): Promise<Arithmetic> {
  const { createGuardrails, generateSync, ScureBase32Plugin } = await import('otplib');
  const guardrails = createGuardrails({ MIN_SECRET_BYTES: minSecretBytes });
  const base32 = new ScureBase32Plugin();
  return Object.freeze({
    codeAt: (secret, step, { algorithm, digits } = commonShape) => generateSync({ strategy: 'hotp', secret, counter: step, algorithm, digits, crypto: oneShot, guardrails }),
    toBase32: (secret) => base32.encode(secret, { padding: false }),
    fromBase32: (text) => base32.decode(text),
  } satisfies Arithmetic);
}

const blockBytes: Readonly<Record<HashAlgorithm, number>> = { sha1: 64, sha256: 64, sha512: 128 };

/** HMAC (RFC 2104) by two one-shot digests, which are faster than one `createHmac` for messages of 8 bytes. */
export const oneShot: CryptoPlugin = Object.freeze({
  name: 'one-shot',
  hmac(algorithm: HashAlgorithm, key: Uint8Array, data: Uint8Array): Uint8Array {
    const size = blockBytes[algorithm];
    const short = key.length > size ? hash(algorithm, key, 'buffer') : key;
    const inner = Buffer.alloc(size + data.length, 0x36);
    const outer = Buffer.alloc(size, 0x5c);
    for (let at = 0; at < short.length; at += 1) {
      inner[at] = (short[at] as number) ^ 0x36;
      outer[at] = (short[at] as number) ^ 0x5c;
    }
    inner.set(data, size);
    return hash(algorithm, Buffer.concat([outer, hash(algorithm, inner, 'buffer')]), 'buffer');
  },
  randomBytes: () => {
    throw new Error('secrets come from the random port');
  },
  constantTimeEqual: (one: string | Uint8Array, other: string | Uint8Array) => one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other)),
});

/**
 * The newest of the steps whose code this is; undefined for none. All are compared, in a time that tells nothing. Codes are
 * text: a number would lose its leading zeros.
 */
export function matchingStep({ codeAt }: Pick<Arithmetic, 'codeAt'>, { secret, code, steps }: { readonly secret: Uint8Array; readonly code: string; readonly steps: readonly number[] }): number | undefined {
  const given = Buffer.from(code);
  // A fixed length: nothing equals nothing.
  if (given.length !== commonShape.digits) return undefined;
  let found: number | undefined;
  for (const step of steps) {
    const right = Buffer.from(codeAt(secret, step));
    if (right.length === given.length && timingSafeEqual(right, given) && (found === undefined || step > found)) found = step;
  }
  return found;
}
