import { boundedKey, digestedKey } from '../../kernel/bounded-key.ts';

/** Text that UTF-8 cannot hold, and NUL, at which Node 22 ends what it reads. */
const unsafe = /[\0\ud800-\udfff]/u;

/** A key as it is stored: of bounded size, and another one for each key. */
export function storedKey(key: string): string {
  const bounded = boundedKey(key);
  return unsafe.test(bounded) ? digestedKey(key) : bounded;
}

/** A value as it is stored: text where that keeps it as it is, else its UTF-16. */
export function storedValue(value: string): string | Uint8Array {
  return unsafe.test(value) ? Buffer.from(value, 'utf16le') : value;
}

export function valueOf(stored: unknown): string {
  return typeof stored === 'string' ? stored : Buffer.from(stored as Uint8Array).toString('utf16le');
}
