import { datacenterV4, floodV6 } from '../addresses.ts';
import { below, stream } from '../random.ts';
import { hourMs } from '../scenario.ts';
import type { Attack, MakeAttack } from './attack.ts';

const sources = 100;
const guessesEach = 120;
const fresh = 1_000_000;
const gapMs = 100;

/** First event of each part. */
const firstCheck = sources * guessesEach;
const flood = firstCheck + sources;
const secondCheck = flood + fresh;
const floodMs = flood * gapMs;
const afterMs = floodMs + hourMs;

/**
 * A9: 100 addresses guess until they are blocked, and each shows it by signing in to an account of its own; then a million
 * attempts with random names come from a million fresh /64s within an hour; then the 100 sign in to their own accounts again.
 */
export const freshKeys: MakeAttack = ({ population, seed }, startMs) => {
  const next = stream('A9', seed);
  const refused: [Set<number>, Set<number>] = [new Set(), new Set()];
  const atMs = (index: number): number => startMs + (index < flood ? index * gapMs : index < secondCheck ? floodMs + Math.floor(((index - flood) * hourMs) / fresh) : afterMs + (index - secondCheck) * gapMs);
  const own = (nth: number) => ({ as: 'own' as const, address: datacenterV4(nth, 1), name: `prober${nth}@example.test`, known: false });
  return {
    id: 'A9',
    firstMs: startMs,
    lastMs: atMs(secondCheck + sources - 1),
    events: secondCheck + sources,
    addresses: sources + fresh,
    retries: 0,
    atMs,
    event(index) {
      if (index < firstCheck) {
        const user = below(next, population.accounts);
        return { as: 'guess', address: datacenterV4(index % sources, 1), user, name: population.names[user] as string, passwordId: `guess${index}`, leaked: 'leaked' };
      }
      if (index < flood) return own(index - firstCheck);
      if (index >= secondCheck) return own(index - secondCheck);
      const one = index - flood;
      return { as: 'guess', address: floodV6(one), user: -1, name: `random${one}@example.test`, passwordId: `random${one}`, leaked: 'no' };
    },
    answered(index, outcome) {
      const first = index >= firstCheck && index < flood;
      if ((!first && index < secondCheck) || !('as' in outcome) || outcome.as === 'in') return;
      refused[first ? 0 : 1].add(first ? index - firstCheck : index - secondCheck);
    },
    stillBlocked: () => (refused[0].size === 0 ? undefined : [...refused[0]].filter((nth) => refused[1].has(nth)).length / refused[0].size),
  } satisfies Attack;
};
