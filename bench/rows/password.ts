import { commonList } from 'portcullis/breach';
import { createPasswordPolicy } from 'portcullis/password';
import { inChild } from '../child.ts';
import { rowOf } from '../measure.ts';
import { interleave, randomBelow } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';

const rounds = 7;
const randomPasswords = 20;
const longestChars = 128;
/** The longest in which the rules look for two entries joined. */
const pairChars = 60;

/** What costs most to look at: repetition, leet, numbers and symbols on both sides, what grows when it is folded. */
const hard = [
  'a', '0', 'ab', '20', '1/1/9', '@$!|+(0134578', '4@', '@4$5!1|+7(8309', 'p@ssw0rd', '!!2026Passw0rd', 'Dr@g0nM0nkey!!', 'correct horse battery ', 'kx9Qz2mW7#',
  'abaababaabaababaababa', '\u0130', '\u0390', '\ud55c', '\u{1f600}', '\u0958', '!',
].map((unit) => clip(unit.repeat(longestChars)));

/** Words that stand in each other's way: the comparison looks at every position for every one of them. */
const personal = Array.from({ length: 40 }, (_, index) => 'ao'.charAt(index % 2).repeat(index + 1));

const kinds = [
  (below: (bound: number) => number) => String.fromCharCode(32 + below(95)),
  (below: (bound: number) => number) => '0134578@$!|+(aeiost'.charAt(below(19)),
  (below: (bound: number) => number) => String.fromCodePoint(0xa0 + below(0xd000)),
  (below: (bound: number) => number) => ['dragon', 'monkey', '2026', '!', 'P4ss', '123456', '-', ' '][below(8)] ?? '',
];

function clip(text: string): string {
  return Array.from(text.normalize('NFC')).slice(0, longestChars).join('');
}

/** The hard ones, every second at full length and all cut to where pairs are looked for, and random ones of every kind; the same for the same seed. */
function passwordsOf(seed: number): readonly string[] {
  const below = randomBelow(seed);
  const random = Array.from({ length: randomPasswords }, (_, index) => {
    const kind = kinds[index % kinds.length] ?? (() => 'x');
    return clip(Array.from({ length: 1 + below(longestChars) }, () => kind(below)).join(''));
  });
  return [...hard.filter((_, index) => index % 2 === 0), ...hard.map((password) => Array.from(password).slice(0, pairChars).join('')), ...random];
}

/** Passwords come in requests of their own: two checks in one turn would be counted as one. */
function nextTurn(): Promise<unknown> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The longest time, ms, that the event loop did nothing else while this ran. */
async function longestStallMs(work: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let lastMs = performance.now();
  let over = false;
  function turn(): void {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
    if (!over) setImmediate(turn);
  }
  setImmediate(turn);
  await work();
  turn();
  over = true;
  return longestMs;
}

/** Runs in a child that has never checked a password. Throws where the answers cannot be right. */
export async function stallOfPolicy({ seed, warm }: { readonly seed: number; readonly warm: boolean }): Promise<number> {
  const policy = createPasswordPolicy({ commonList: commonList() });
  if (warm) await policy.warmUp();
  const longestMs = await longestStallMs(async () => {
    for (const password of passwordsOf(seed)) {
      const verdict = await policy.check({ password, personal });
      if (!verdict.ok && verdict.reasons.some(({ code }) => code === 'too-long')) throw new Error('a password of the bench is longer than the cap');
      await nextTurn();
    }
  });
  await policy.close();
  return longestMs;
}

/** The peer: the same estimator and packs, called where the request is handled, as its documentation shows. */
export async function stallOfZxcvbn({ seed }: { readonly seed: number }): Promise<number> {
  return longestStallMs(async () => {
    const { ZxcvbnFactory } = await import('@zxcvbn-ts/core');
    const common = await import('@zxcvbn-ts/language-common');
    const english = await import('@zxcvbn-ts/language-en');
    const zxcvbn = new ZxcvbnFactory({ dictionary: { ...common.dictionary, ...english.dictionary }, graphs: common.adjacencyGraphs });
    for (const password of passwordsOf(seed)) {
      if (zxcvbn.check(password, personal).score > 4) throw new Error('no such score');
      await nextTurn();
    }
  });
}

async function run(): Promise<readonly BenchRow[]> {
  // The same passwords for all three in a round, others in the next.
  const seeds = { cold: 0, warm: 0, peer: 0 };
  const measured = await interleave(
    {
      cold: () => inChild(import.meta.url, stallOfPolicy, { seed: ++seeds.cold, warm: false }),
      warm: () => inChild(import.meta.url, stallOfPolicy, { seed: ++seeds.warm, warm: true }),
      peer: () => inChild(import.meta.url, stallOfZxcvbn, { seed: ++seeds.peer }),
    },
    { rounds, warmUps: 0 },
  );
  const peer = { name: 'zxcvbn-ts called directly', values: measured.peer };
  const goal = { atMost: 20, of: 'value' } as const;
  return [
    rowOf({ id: 'password-stall', subject: 'longest stall of the event loop, first checks of a process', unit: 'ms', values: measured.cold, peer, goal }),
    rowOf({ id: 'password-stall-warm', subject: 'longest stall of the event loop, after warmUp()', unit: 'ms', values: measured.warm, peer, goal }),
  ];
}

export const bench: Bench = {
  id: 'password',
  title: 'Checking a password without holding up others',
  rows: ['password-stall', 'password-stall-warm'],
  method:
    `Each round is a fresh process that checks ${passwordsOf(1).length} passwords of up to ${longestChars} characters one after the other, with 40 words about the person: those that cost most, and random ` +
    'ones of four kinds. A loop of setImmediate notes the longest gap. Ours is the whole check: lengths, words, common list and its rules, and the estimate in its thread. The ' +
    'peer makes the estimate alone, with the same packs, in the main thread; loading them is part of its stall, as the first row includes what our first check loads.',
  run,
};
