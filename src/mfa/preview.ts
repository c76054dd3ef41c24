import type { Clock } from '../ports/clock.ts';
import type { MfaPolicies, MfaMember } from './mfa.ts';

/** How many who would be affected are named. */
const maxNamed = 1_000;
/** How long other work of the process waits at most. Stores that answer at once would hold it up for the whole list. */
const turnMs = 10;

/** Counts members one by one as they come, so that a million of them need no memory. */
export function createPreview({ clock }: { readonly clock: Clock }): MfaPolicies['preview'] {
  const nextTurn = (): Promise<void> => new Promise((resolve) => {
    clock.after(0, resolve);
  });

  return async function preview<M extends MfaMember>(members: AsyncIterable<M> | Iterable<M>, isEnrolled: (member: M) => Promise<boolean> | boolean) {
    const affected: M[] = [];
    let all = 0;
    let enrolled = 0;
    let turnFromMs = clock.monotonicMs();
    for await (const member of members) {
      all += 1;
      if (await isEnrolled(member)) enrolled += 1;
      else if (affected.length < maxNamed) affected.push(member);
      if (clock.monotonicMs() - turnFromMs < turnMs) continue;
      await nextTurn();
      turnFromMs = clock.monotonicMs();
    }
    return { members: all, enrolled, affected, truncated: all - enrolled > affected.length };
  };
}
