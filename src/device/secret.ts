import { createHmac } from 'node:crypto';
import { sha256 } from '../kernel/compare.ts';
import { ConfigError } from '../kernel/errors.ts';
import type { RandomSource } from '../ports/random.ts';

/** 256 bits: twice what OWASP ASVS 5.0 7.2.3 asks of a token. */
export const secretBytes = 32;
/** 128 bits: of ids, which must not meet by chance. */
export const idBytes = 16;

/** Fresh bytes as base64url. Throws ERR_CONFIG where the source gave another number of them. */
export function randomText(random: RandomSource, sizeBytes: number): string {
  const bytes = random(sizeBytes);
  if (bytes.length !== sizeBytes) throw new ConfigError(`device.random: expected ${sizeBytes} bytes, got ${bytes.length}`);
  return bytes.toString('base64url');
}

/**
 * The secret that follows another. Who has the old one and the salt gets the same new one a second time, so that two tabs that
 * sign in at once end up with one secret, whichever answer comes last. The salt never leaves the record: an old copy of the
 * cookie leads to no new one.
 */
export function nextSecret(secret: string, salt: string): string {
  return createHmac('sha256', Buffer.from(secret, 'base64url')).update(`portcullis/device-next\0${salt}`).digest('base64url');
}

/** What is stored of a secret. The account and the device are part of it: a digest that is moved to another opens nothing. */
export function secretDigest({ accountId, deviceId, secret }: { readonly accountId: string; readonly deviceId: string; readonly secret: string }): string {
  // The last two have one length each: no account runs together with them into those of another.
  return sha256(`portcullis/device\0${accountId}\0${deviceId}\0${secret}`).toString('base64url');
}

/** What others may know a browser by. One way: whoever reads it in a log or a counter has no part of the cookie. */
export function browserIdOf(secret: string): string {
  return sha256(`portcullis/browser\0${secret}`).subarray(0, idBytes).toString('base64url');
}
