import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { EvidenceAttempt, EvidenceCharge, EvidenceNews, EvidenceOutcome, EvidenceStanding, EvidenceStore } from '../../src/ports/evidence-store.ts';

/** A tag, as the login guard makes them. `bucket`: of the tables' buckets, so that a few tags fill one. */
export function tagOf(text: string, bucket?: number): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  if (bucket !== undefined) bytes.writeUInt32LE(bucket, 0);
  return bytes.toString('base64url');
}

export function attemptOf(source: string, account: string, password?: string, more: Partial<EvidenceAttempt> = {}): EvidenceAttempt {
  return { source: tagOf(source), account: tagOf(account), ...(password !== undefined && { password: tagOf(password) }), exists: true, weight: 1, ...more };
}

type Ending = Exclude<EvidenceOutcome['as'], 'known'>;

/** Something that happens to a store. */
export type Act = { readonly afterMs: number } & (
  | { readonly kind: 'attempt'; readonly attempt: EvidenceAttempt; readonly ending: Ending | 'later' }
  /** The oldest of those that were left for later is settled: a password was slow, a second step took its time. */
  | { readonly kind: 'late'; readonly ending: Ending }
  | { readonly kind: 'spray'; readonly password: string; readonly names: number; readonly number: number }
  | { readonly kind: 'known'; readonly source: string | undefined; readonly again: boolean; readonly times: number }
);

export type Answer = EvidenceStanding | EvidenceNews;

const [hourMs, dayMs] = [3_600_000, 86_400_000];
const afterMs = fc.oneof(
  { arbitrary: fc.constant(0), weight: 6 },
  { arbitrary: fc.integer({ min: 1, max: 60_000 }), weight: 6 },
  { arbitrary: fc.integer({ min: 1, max: 6 * hourMs }), weight: 3 },
  { arbitrary: fc.integer({ min: hourMs, max: 3 * dayMs }), weight: 1 },
);

/** More tags than two buckets have room for. */
const sources = Array.from({ length: 24 }, (_, each) => tagOf(`source ${each}`, each % 2));
const accounts = Array.from({ length: 24 }, (_, each) => tagOf(`account ${each}`, each % 2));
const passwords = Array.from({ length: 14 }, (_, each) => tagOf(`password ${each}`));

const attempt: fc.Arbitrary<EvidenceAttempt> = fc.record({
  source: fc.option(fc.constantFrom(...sources), { nil: undefined, freq: 8 }),
  account: fc.constantFrom(...accounts),
  password: fc.option(fc.constantFrom(...passwords), { nil: undefined, freq: 8 }),
  exists: fc.boolean(),
  weight: fc.constantFrom(0, 0.1, 0.5, 1, 3, 1 / 3, 12),
});

export const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    { arbitrary: fc.record({ kind: fc.constant('attempt' as const), afterMs, attempt, ending: fc.constantFrom('failed', 'failed', 'failed', 'held', 'entered', 'refunded', 'later', 'later') }), weight: 12 },
    { arbitrary: fc.record({ kind: fc.constant('late' as const), afterMs, ending: fc.constantFrom('failed', 'entered', 'refunded') }), weight: 2 },
    { arbitrary: fc.record({ kind: fc.constant('spray' as const), afterMs, password: fc.constantFrom(...passwords), names: fc.integer({ min: 2, max: 30 }), number: fc.nat() }), weight: 1 },
    { arbitrary: fc.record({ kind: fc.constant('known' as const), afterMs, source: fc.option(fc.constantFrom(...sources), { nil: undefined }), again: fc.integer({ max: 4, min: 0 }).map((one) => one === 0), times: fc.integer({ min: 1, max: 120 }) }), weight: 2 },
  ),
  { minLength: 150, maxLength: 250, size: 'max' },
);

/** What does acts to a store, and answers all that the store said. */
export function doerOf(store: EvidenceStore): (act: Act) => Promise<readonly Answer[]> {
  const left: { readonly attempt: EvidenceAttempt; readonly charged: EvidenceCharge }[] = [];

  async function tried(attempt: EvidenceAttempt, ending: Ending | 'later'): Promise<readonly Answer[]> {
    const standing = await store.reserve(attempt);
    if (ending !== 'later') return [standing, await store.settle({ as: ending, attempt, charged: standing.charged })];
    left.push({ attempt, charged: standing.charged });
    return [standing];
  }

  return async (act) => {
    if (act.kind === 'attempt') return tried(act.attempt, act.ending);
    if (act.kind === 'late') {
      const oldest = left.shift();
      return oldest === undefined ? [] : [await store.settle({ as: act.ending, ...oldest })];
    }
    const said: Answer[] = [];
    if (act.kind === 'known') for (let each = 0; each < act.times; each += 1) said.push(await store.settle({ as: 'known', source: act.source, again: act.again }));
    else for (let each = 0; each < act.names; each += 1) said.push(...(await tried({ ...attemptOf(`bot ${act.number} ${each}`, `name ${act.number} ${each}`), password: act.password, exists: each % 3 === 0 }, 'failed')));
    return said;
  };
}

/** Equal but for the last digits of scores, where two machines may calculate differently. */
export function expectAlike(there: readonly Answer[], here: readonly Answer[]): void {
  expect(there.length).toBe(here.length);
  for (const [at, answer] of here.entries()) {
    const other = there[at] as Answer;
    if (!('charged' in answer)) {
      expect(other).toEqual(answer);
      continue;
    }
    const { source, account } = other as EvidenceStanding;
    expect(other).toEqual({ ...answer, source, account });
    expect(Math.abs(source - answer.source), `${source} and not ${answer.source}`).toBeLessThanOrEqual(1e-9 * (1 + answer.source));
    expect(Math.abs(account - answer.account), `${account} and not ${answer.account}`).toBeLessThanOrEqual(1e-9 * (1 + answer.account));
  }
}
