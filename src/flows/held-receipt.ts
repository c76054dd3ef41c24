import type { KeyRing } from '../kernel/keys.ts';
import type { GuardReceipt } from '../login-guard/index.ts';
import { openSealed } from './sealed.ts';

/** The receipt of an attempt as it may lie somewhere for a while: what tells which password it was is not needed any more. */
export function withoutPassword({ attempt: { password: _, ...attempt }, ...rest }: GuardReceipt): GuardReceipt {
  return { ...rest, attempt };
}

/** Sealed, where the rest of a record is not: nobody who reads records sees which accounts were tried from one network, and nobody who writes them gives back what was never counted. */
export function sealReceipt(keys: KeyRing, receipt: GuardReceipt, place: string): string {
  return keys.seal('token', JSON.stringify(withoutPassword(receipt)), place);
}

export function openReceipt(keys: KeyRing, sealed: unknown, place: string): GuardReceipt | undefined {
  return typeof sealed === 'string' ? (openSealed(keys, sealed, place) as GuardReceipt | undefined) : undefined;
}
