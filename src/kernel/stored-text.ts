import { boundedKey, digestedKey } from './bounded-key.ts';

/** Text that UTF-8 cannot hold, and NUL, which databases refuse or end at. */
const unsafe = /[\0\ud800-\udfff]/u;

/** Whether a database gives text back as it was. */
export function isStorable(text: string): boolean {
  return !unsafe.test(text);
}

/** A key as a database keeps it: of bounded size, and another one for each key. */
export function storedKey(key: string): string {
  const bounded = boundedKey(key);
  return isStorable(bounded) ? bounded : digestedKey(key);
}
