import { sha256 } from '../../kernel/compare.ts';

const maxKeyChars = 128;
const digestMark = '\u0001';

/** Keys have bounded size: a long one is replaced by its digest, and so is one that looks like a digest. */
export function boundedKey(key: string): string {
  if (key.length <= maxKeyChars && key.charCodeAt(0) !== 1) return key;
  // UTF-16 keeps lone surrogates apart, which UTF-8 does not.
  return digestMark + sha256(Buffer.from(key, 'utf16le')).toString('base64url');
}

/** A copy: a key cut out of a request would keep the whole request in memory (V8 copies up to 12 characters by itself). */
export function detached(key: string): string {
  if (key.length < 13) return key;
  return Buffer.from(key, 'utf16le').toString('utf16le');
}
