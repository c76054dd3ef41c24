import { sha256 } from './compare.ts';

const maxKeyChars = 128;
/** Makes a digest one character longer than any key that is kept as it is, so that none can be taken for one. */
const digestMark = '#'.repeat(maxKeyChars + 1 - 64);

/** Keys have bounded size: a long one is replaced by its digest. */
export function boundedKey(key: string): string {
  return key.length <= maxKeyChars ? key : digestedKey(key);
}

/** What no key that is kept as it is can be. UTF-16 keeps lone surrogates apart, which UTF-8 does not. */
export function digestedKey(key: string): string {
  return digestMark + sha256(Buffer.from(key, 'utf16le')).toString('hex');
}

/**
 * A copy: a key cut out of a request would keep the whole request in memory (V8 copies up to 12 characters by itself).
 * One byte for a character where that is enough: half the memory, and keys compare faster.
 */
export function detached(key: string): string {
  if (key.length < 13) return key;
  const encoding = isLatin1(key) ? 'latin1' : 'utf16le';
  return Buffer.from(key, encoding).toString(encoding);
}

function isLatin1(key: string): boolean {
  return /^[\0-\u00ff]*$/.test(key);
}
