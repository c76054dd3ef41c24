import type { KeyRing } from '../kernel/keys.ts';

/** What was sealed for a place, as it was; undefined where a key has left the ring or a store lies. */
export function openSealed(keys: KeyRing, sealed: string, place: string): unknown {
  const opened = keys.open('token', sealed, place);
  return opened.ok ? JSON.parse(opened.plaintext.toString()) : undefined;
}
