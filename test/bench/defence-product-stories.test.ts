import { describe, expect, it } from 'vitest';
import { foreignV4 } from '../../bench/defence/addresses.ts';
import { stream } from '../../bench/defence/random.ts';
import { dayMs, hourMs, minuteMs, startMs } from '../../bench/defence/scenario.ts';
import { differencesOf, replay, type Compared, type Replayed } from './defence-product-replay.ts';
import { makeSteps, type Step } from './defence-product-steps.ts';

/*
 * What seldom happens, each as a story of its own that the long list has not: there too the simulator decides as the product does. The last two say where it
 * does not, and whom that helps.
 */

const made = makeSteps(1);
const { population } = made;
/** One without a second factor and with a password that is nobody else's, and those with a second factor. */
const ada = 1;
const factors = population.ids.map((_, user) => user).filter((user) => population.secondFactor[user] === 1);
const [bo = -1] = factors;
/** Somebody whose password is on the list. */
const leaky = 120;

const home = '24.200.0.1';
const office = '62.200.0.7';

type Move = Partial<Step> & { readonly afterMs?: number };

/** One after another, a minute apart if nothing else is said; the last of them is what is looked at. */
async function story(moves: readonly Move[], { list = false, before = [], fromMs = startMs }: { readonly list?: boolean; readonly before?: readonly Step[]; readonly fromMs?: number } = {}): Promise<Replayed & { readonly last: Compared }> {
  let atMs = fromMs;
  const steps = moves.map(({ afterMs = minuteMs, ...move }): Step => {
    atMs += afterMs;
    const { user = ada } = move;
    return { part: 'story', browser: undefined, address: home, answers: true, name: population.names[user] ?? '', ...move, user, atMs };
  });
  const replayed = await replay({ population, steps: [...before, ...steps] }, { list, stepUp: true });
  return { ...replayed, last: replayed.all.at(-1) as Compared };
}

const times = (count: number, move: (nth: number) => Move): readonly Move[] => Array.from({ length: count }, (_, nth) => move(nth));
/** Names that nobody has, from one address: as many as its score. */
const misbehaved = (count: number, afterMs = 7_000): readonly Move[] => times(count, (nth) => ({ user: -1, name: `nobody${nth}@example.test`, typed: `old${nth}`, address: office, answers: false, afterMs }));
/** Wrong passwords of one account, each from an address of its own. */
function failures(count: number, afterMs = 62_000): readonly Move[] {
  const next = stream('failures', count);
  return times(count, (nth) => ({ typed: `wrong${nth}`, address: foreignV4(next), afterMs }));
}

/** Both sides of all steps, and their alarms. */
function expectAlike({ all, alarms }: Replayed): void {
  expect(differencesOf(all)).toEqual([]);
  expect(alarms.simulated).toEqual(alarms.real);
}

const told = ({ all }: Replayed): string => all.flatMap(({ real }) => real.told).join('\n');
const asked = ({ all }: Replayed): string => all.flatMap(({ real }) => real.asked).join('\n');
const outcomes = ({ all }: Replayed): readonly string[] => all.map(({ real }) => real.outcome);

describe('an account, in the simulator as in the product', () => {
  it('is counted once in six hours for what is usual, whatever browser comes in', async () => {
    const seen = await story([{ browser: 'one' }, { browser: 'one', afterMs: hourMs }]);
    expectAlike(seen);
    expect(asked(seen)).toContain('"again":true');
  });

  it('forgets its places with its password: in a surge its owner is asked for a link at home', async () => {
    const fromMs = startMs + 3 * dayMs + 9 * hourMs;
    const before = made.steps.filter(({ part, atMs }) => atMs < fromMs && ['first sign-ins', 'known browsers', 'stuffing from many addresses'].includes(part));
    const seen = await story([{ form: 'forgot', browser: 'fresh', address: '80.1.1.1' }, { browser: 'fresh', address: population.homes[ada] ?? '', answers: false }], { before, fromMs });
    expect([seen.last.simulated.outcome, seen.last.real.outcome]).toEqual(['link', 'link']);
  });

  it('lets a proven browser change a password that has leaked, and counts that for nothing that is usual', async () => {
    const seen = await story([...misbehaved(9), { browser: 'one', address: office }, { browser: 'one', afterMs: 7 * hourMs, leaks: [population.passwords[ada] ?? ''], answers: false }], { list: true });
    expectAlike(seen);
    expect([seen.last.real.outcome, told(seen)]).toEqual(['in, to change the password', expect.stringContaining('stage change-password')]);
  });

  it('with a second factor is entered, and counted, once that is given', async () => {
    const seen = await story([{ user: bo, browser: 'one' }, { user: bo, browser: 'one', afterMs: 7 * hourMs }]);
    expectAlike(seen);
    const [asks, gives] = seen.all.slice(-2) as [Compared, Compared];
    expect([asks.real.asked.join(), gives.real.asked.join()]).toEqual(['', expect.stringContaining('"as":"known"')]);
  });
});

describe('failures in a row, in the simulator as in the product', () => {
  it('close the account to strangers at the fiftieth, and raise an alarm', async () => {
    const seen = await story([...failures(50, 10 * minuteMs), { browser: 'one', answers: false }]);
    expectAlike(seen);
    expect([seen.last.real.outcome, seen.alarms.real.includes('brute-force')]).toEqual(['another password', true]);
    expect(told(seen)).toContain('sign-in.failed, reason too-many-failures');
  });

  it('are not forgotten by a sign-in in a known browser, once there were too many', async () => {
    const seen = await story([{ browser: 'one' }, ...failures(50), { browser: 'one' }, { browser: 'other', answers: false }]);
    expectAlike(seen);
    expect(seen.last.real.outcome).toBe('another password');
  });

  it('are forgotten by a mailed link that is opened', async () => {
    const seen = await story([...failures(45), { browser: 'one' }, ...failures(6), { browser: 'other', answers: false }]);
    expectAlike(seen);
    expect(seen.last.real.outcome).toBe('link');
  });
});

describe('limits, in the simulator as in the product', () => {
  it('give a right password back what it was charged, where a second factor is asked for by the evidence as well', async () => {
    const seen = await story([...misbehaved(9), ...times(9, () => ({ user: bo, address: office, answers: false, afterMs: 20_000 }))]);
    expectAlike(seen);
    expect(outcomes(seen)).not.toContain('limited');
  });

  it('take an IPv6 /64 for one client', async () => {
    const seen = await story(times(16, (nth) => ({ user: -1, name: `nobody${nth}@example.test`, typed: 'old', address: `2a02:1:2:3::${nth + 1}`, answers: false, afterMs: 2_000 })));
    expectAlike(seen);
    expect(outcomes(seen)).toContain('limited');
  });

  it('charge a known browser alone, which comes in from an address that others have used up', async () => {
    const seen = await story([{ browser: 'one' }, ...misbehaved(16, 1_000), { browser: 'one', address: office, answers: false, afterMs: 1_000 }]);
    expectAlike(seen);
    expect(outcomes(seen)).toEqual(expect.arrayContaining(['limited']));
    expect(seen.last.real.outcome).toBe('in');
  });
});

describe('what the monitor is told, in the simulator as in the product', () => {
  it('names nobody as nobody also where their network is refused', async () => {
    const seen = await story(misbehaved(43));
    expectAlike(seen);
    expect(seen.last.real.told.join()).toContain('reason unknown-account');
  });

  it('has what the guard thinks of a password that has leaked as well', async () => {
    const seen = await story([...misbehaved(9), { user: leaky, address: office, answers: false }], { list: true });
    expectAlike(seen);
    expect([seen.last.real.outcome, seen.last.real.told.join()]).toEqual(['another password', expect.stringContaining('login-guard.decided')]);
  });

  it('raises no alarm where people of an office mistype and then choose a new password', async () => {
    const seen = await story(population.ids.slice(3, 13).map((_, nth) => nth + 3).flatMap((user): readonly Move[] => [
      { user, typed: `typo${user}`, browser: `new${user}`, address: office },
      { user, form: 'forgot', browser: `new${user}`, address: office },
    ]));
    expect(seen.alarms).toEqual({ simulated: [], real: [] });
  });

  it('raises no alarm where people of an office mistype and then give their second factor', async () => {
    const seen = await story(factors.slice(0, 9).flatMap((user): readonly Move[] => [
      { user, typed: `typo${user}`, browser: `new${user}`, address: office },
      { user, browser: `new${user}`, address: office },
    ]));
    expectAlike(seen);
    expect(seen.alarms.real).toEqual([]);
  });
});

describe('the simulator is kinder than the product', () => {
  // bench/defence/policies/ours/index.ts openKnown, src/flows/right-password.ts mustChange
  it('to the owner of a leaked password in a known browser that nothing has proven: in to change it there, by a mailed link here', async () => {
    const seen = await story([{ browser: 'one' }, { browser: 'one', afterMs: 7 * hourMs, leaks: [population.passwords[ada] ?? ''], answers: false }], { list: true });
    expect([seen.last.simulated.outcome, seen.last.real.outcome]).toEqual(['in, to change the password', 'another password']);
    expect([seen.last.simulated.asked, seen.last.simulated.told]).toEqual([seen.last.real.asked, seen.last.real.told]);
  });
});

describe('the simulator is harder than the product', () => {
  // bench/defence/policies/ours/index.ts probe, src/flows/mail-request.ts admitRequest
  it('on a browser that the account knows, at a form in a network that is refused', async () => {
    const seen = await story([{ browser: 'one' }, ...misbehaved(42), { browser: 'one', address: office, form: 'forgot', answers: false }]);
    expect([seen.last.simulated.outcome, seen.last.real.outcome]).toEqual(['limited', 'received']);
  });
});
