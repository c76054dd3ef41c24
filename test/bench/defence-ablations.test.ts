import { memoryEvidence } from 'portcullis';
import { describe, expect, it } from 'vitest';
import { parseDefenseArgs } from '../../bench/defence/options.ts';
import { wholeRun } from '../../bench/defence/plan.ts';
import { ownPolicies, partPolicies, policies } from '../../bench/defence/policies/index.ts';
import { ablations } from '../../bench/defence/policies/ours/ablations.ts';
import type { LoginOutcome } from '../../bench/defence/policy.ts';
import { minuteMs, scenarios, standard } from '../../bench/defence/scenario.ts';
import { trial } from './defence-support.ts';

type Trial = ReturnType<typeof trial>;

const said = (outcome: LoginOutcome): string => (outcome.as === 'step-up' ? outcome.reason : outcome.as);
const nameOf = (nth: number): string => `user${nth}@example.test`;

async function times(count: number, one: (nth: number) => Promise<unknown>): Promise<void> {
  for (let nth = 1; nth <= count; nth += 1) await one(nth);
}

/** Failures at so many names from one network, slowly enough for the limits. */
const failuresFrom = ({ wrong }: Trial, count: number) => times(count, (nth) => wrong({ name: nameOf(100 + nth), afterMs: minuteMs }));
/** A wrong password at so many names, each from a network of its own. */
const spread = ({ wrong }: Trial, count: number, passwordId?: string) => times(count, (nth) => wrong({ name: nameOf(1_000 + nth), address: `60.1.${nth}.9`, ...(passwordId !== undefined && { passwordId }) }));
const guessed = ({ wrong }: Trial, passwordIdOf: (nth: number) => string) => times(11, (nth) => wrong({ address: `60.1.${nth}.9`, passwordId: passwordIdOf(nth), afterMs: 2 * minuteMs }));
/** Three quiet days with known browsers, of so many accounts. */
const quietDays = ({ attempt }: Trial, accounts: number) => times(700, (nth) => attempt({ name: nameOf(2_000 + (nth % accounts)), known: true, browserId: `browser${nth % accounts}`, address: `61.1.1.${1 + (nth % 200)}`, afterMs: 6 * minuteMs }));

const lost: readonly { readonly name: string; readonly story: (trial: Trial) => Promise<LoginOutcome>; readonly whole: string; readonly without: string }[] = [
  { name: 'without-source', whole: 'source', without: 'in', story: async (given) => { await failuresFrom(given, 12); return given.attempt(); } },
  { name: 'without-refusal', whole: 'denied', without: 'source', story: async (given) => { await failuresFrom(given, 50); return given.attempt({ afterMs: minuteMs }); } },
  { name: 'without-shared', whole: 'source', without: 'denied', story: async (given) => { await failuresFrom(given, 25); await given.attempt({ name: nameOf(5), known: true, browserId: 'browser5' }); await failuresFrom(given, 25); return given.attempt({ afterMs: minuteMs }); } },
  { name: 'without-account', whole: 'account', without: 'in', story: async (given) => { await guessed(given, (nth) => `guess${nth}`); return given.attempt({ afterMs: 2 * minuteMs }); } },
  { name: 'without-guesses', whole: 'in', without: 'account', story: async (given) => { await guessed(given, () => 'stale'); return given.attempt({ afterMs: 2 * minuteMs }); } },
  { name: 'without-sprayed', whole: 'sprayed-password', without: 'in', story: async (given) => { await spread(given, 7, 'own1'); return given.attempt(); } },
  { name: 'without-surge', whole: 'surge', without: 'in', story: async (given) => { await quietDays(given, 50); await spread(given, 40); return given.attempt(); } },
  { name: 'without-surge-and-sprayed', whole: 'sprayed-password', without: 'in', story: async (given) => { await quietDays(given, 50); await spread(given, 40, 'own1'); return given.attempt(); } },
  { name: 'without-surge-and-account', whole: 'account', without: 'in', story: async (given) => { await quietDays(given, 50); await guessed(given, (nth) => `guess${nth}`); return given.attempt({ afterMs: 2 * minuteMs }); } },
  { name: 'without-pairs', whole: 'in', without: 'surge', story: async (given) => { await quietDays(given, 50); await times(40, () => given.wrong({ name: nameOf(7), address: '60.2.2.2', afterMs: minuteMs })); return given.attempt(); } },
  { name: 'without-made-good', whole: 'in', without: 'surge', story: async (given) => { await quietDays(given, 50); await times(40, async (nth) => { const who = { name: nameOf(100 + nth), address: `60.3.${nth}.9` }; await given.wrong(who); await given.attempt({ ...who, afterMs: minuteMs }); }); return given.attempt(); } },
  { name: 'without-again', whole: 'in', without: 'surge', story: async (given) => { await quietDays(given, 1); await spread(given, 60); return given.attempt(); } },
  { name: 'without-familiar', whole: 'in', without: 'surge', story: async (given) => { await quietDays(given, 50); await given.attempt(); await spread(given, 40); return given.attempt({ address: '45.80.0.9' }); } },
  { name: 'without-refund', whole: 'in', without: 'source', story: async (given) => { await times(9, (nth) => given.attempt({ name: nameOf(nth) })); return given.attempt({ name: nameOf(20), afterMs: minuteMs }); } },
  { name: 'without-limits', whole: 'denied', without: 'in', story: async (given) => { await times(6, () => given.wrong({ passwordId: 'stale' })); return given.attempt(); } },
];

/** A list hides what most parts do: they are run without one. */
const partsAsInstalled = partPolicies.filter((name) => !name.endsWith('+leaked'));

describe('ours without one part', () => {
  it.each(lost)('$name decides otherwise where the part decided, and nowhere else is it another policy', async ({ name, story, whole, without }) => {
    expect(said(await story(trial(policies.get('default') as NonNullable<ReturnType<typeof policies.get>>)))).toBe(whole);
    expect(said(await story(trial(policies.get(name) as NonNullable<ReturnType<typeof policies.get>>)))).toBe(without);
    expect(said(await trial(policies.get(name) as NonNullable<ReturnType<typeof policies.get>>).attempt())).toBe('in');
  });

  it('without-slow-surge is told of the fast test alone', () => {
    const inner = { ...memoryEvidence(), settle: () => ({ surge: 'began', slowSurge: 'began' }) as const };
    const store = ablations.find(({ name }) => name === 'without-slow-surge')?.without.evidence?.(inner);
    expect(store?.settle({ as: 'known' })).toEqual({ surge: 'began' });
  });

  it('is there for each part that a test above takes out, without a list and with it', () => {
    expect(ablations.map(({ name }) => name).toSorted()).toEqual([...lost.map(({ name }) => name), 'without-slow-surge'].toSorted());
    expect(partPolicies).toEqual(ablations.flatMap(({ name }) => [name, `${name}+leaked`]));
    for (const name of partPolicies) expect(trial(policies.get(name) as NonNullable<ReturnType<typeof policies.get>>).policy.name).toBe(name);
  });

  it('runs in a world like the standard one, beside ours whole, and nowhere else', () => {
    expect(scenarios.get('ablation')).toEqual({ ...standard, id: 'ablation' });
    expect(scenarios.get('ablation-cgnat')).toEqual({ ...standard, id: 'ablation-cgnat', cgnat: 1 });
    expect(scenarios.get('ablation-slow')).toEqual({ ...standard, id: 'ablation-slow' });
    expect(scenarios.get('ablation-typos')).toEqual({ ...scenarios.get('typo-x5-cookies-70'), id: 'ablation-typos' });
    for (const { scenario, policies: names } of wholeRun(10)) {
      if (scenario === 'ablation') expect(names).toEqual(['default', 'leaked', ...partsAsInstalled]);
      else if (scenario === 'ablation-cgnat') expect(names).toEqual(['default', 'without-refund', 'without-shared']);
      else if (scenario === 'ablation-slow') expect(names).toEqual(['default', 'without-slow-surge']);
      else if (scenario === 'ablation-typos') expect(names).toEqual(['default', 'without-made-good']);
      else expect(names.filter((name) => name.startsWith('without-'))).toEqual([]);
    }
    expect(new Set(wholeRun(10).filter(({ scenario }) => scenario === 'ablation').map(({ seed }) => seed))).toEqual(new Set([1, 2]));
  });

  it('is not asked for by who names no policy, but in its own world', () => {
    const known = { policies: [...ownPolicies, ...partPolicies, 'none'], attackers: ['A5'], scenarios: ['standard', 'ablation'] } as const;
    const namesOf = (...args: readonly string[]) => {
      const parsed = parseDefenseArgs(args, known);
      return 'run' in parsed ? parsed.run.jobs.map(({ policies: names }) => names) : [];
    };
    expect(namesOf('--seed', '1')).toEqual([[...ownPolicies, 'none']]);
    expect(namesOf('--seed', '1', '--scenarios', 'ablation')).toEqual([['default', 'leaked', ...partsAsInstalled]]);
    expect(namesOf('--seed', '1', '--policies', 'without-surge')).toEqual([['without-surge']]);
  });
});
