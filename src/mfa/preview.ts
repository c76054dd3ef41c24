import type { MfaMember, MfaPreview } from './mfa.ts';

/** How many who would be affected are named. */
const maxNamed = 1_000;

/** Counts members one by one as they come, so that a million of them need no memory. */
export async function previewOf<M extends MfaMember>(members: AsyncIterable<M> | Iterable<M>, isEnrolled: (member: M) => Promise<boolean> | boolean): Promise<MfaPreview<M>> {
  const affected: M[] = [];
  let all = 0;
  let enrolled = 0;
  for await (const member of members) {
    all += 1;
    if (await isEnrolled(member)) enrolled += 1;
    else if (affected.length < maxNamed) affected.push(member);
  }
  return { members: all, enrolled, affected, truncated: all - enrolled > affected.length };
}
