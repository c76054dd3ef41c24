import { isStorable } from '../../kernel/stored-text.ts';

/** A value as it is stored: text where that keeps it as it is, else its UTF-16. */
export function storedValue(value: string): string | Uint8Array {
  return isStorable(value) ? value : Buffer.from(value, 'utf16le');
}

export function valueOf(stored: unknown): string {
  return typeof stored === 'string' ? stored : Buffer.from(stored as Uint8Array).toString('utf16le');
}
