import { digestsEqual } from '../kernel/compare.ts';
import { StoreError } from '../kernel/errors.ts';
import type { FailureCount } from '../kernel/failure-cap.ts';

/** The most codes of one set. */
export const maxCodes = 20;

/** What is stored of an account's codes. `issued` is 0 after a revocation. */
export interface CodeSet {
  /** Digests of the codes that have not been used. */
  readonly unused: readonly string[];
  readonly issued: number;
  readonly issuedAtMs: number;
  readonly lastUsedAtMs?: number;
  /** Of the account and not of the set: new codes forget no failure. */
  readonly failures: FailureCount;
}

/** The set as it was read, or ERR_STORE for what was never written as one. */
export function checkedSet(found: CodeSet | undefined): CodeSet | undefined {
  if (found !== undefined && !isCodeSet(found)) throw new StoreError('recovery: the record of an account is no set of codes');
  return found;
}

function isCodeSet({ unused, issued, issuedAtMs, lastUsedAtMs, failures }: { readonly [K in keyof CodeSet]?: unknown }): boolean {
  return (
    Array.isArray(unused) && unused.length <= maxCodes && unused.every(isDigest)
    && Number.isInteger(issued) && (issued as number) >= unused.length
    && Number.isFinite(issuedAtMs) && (lastUsedAtMs === undefined || Number.isFinite(lastUsedAtMs))
    && typeof failures === 'object' && failures !== null
  );
}

function isDigest(value: unknown): boolean {
  return typeof value === 'string' && /^[\w-]{43}$/.test(value);
}

/** The digests without the one that was found; undefined where it is not among them. Looks at all, wherever it lies. */
export function without(unused: readonly string[], digest: string): readonly string[] | undefined {
  const others = unused.filter((stored) => !digestsEqual(stored, digest));
  return others.length < unused.length ? others : undefined;
}
