import { createHash, timingSafeEqual } from 'node:crypto';

/** SHA-256, for values of full entropy (tokens) and for shortening long keys. */
export function sha256(value: string | Uint8Array): Buffer {
  return createHash('sha256').update(value).digest();
}

/** Whether two secrets are equal, in a time that tells nothing about either. Both are digested first, so lengths may differ. */
export function secretsEqual(left: string | Uint8Array, right: string | Uint8Array): boolean {
  return timingSafeEqual(sha256(left), sha256(right));
}

/** The same for what is a digest already, as text of one length: no second one is made. */
export function digestsEqual(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
