import { describe, expect, it } from 'vitest';
import { foreignV4 } from '../../bench/defence/addresses.ts';
import { stream } from '../../bench/defence/random.ts';
import { dayMs, hourMs, minuteMs, startMs } from '../../bench/defence/scenario.ts';
import { replay, type Compared, type Replayed } from './defence-product-replay.ts';
import { makeSteps, type Step } from './defence-product-steps.ts';

/*
 * Where the simulator decides otherwise than the product, each by what both say today. Whoever mends one of these in bench/defence finds its test red
 * here: then it goes, and defence-product-steps.ts need not go around it any more.
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

/** Whether anything was limited, there and here. */
const limited = (all: readonly Compared[]): readonly boolean[] => [all.some(({ simulated }) => simulated.outcome === 'limited'), all.some(({ real }) => real.outcome === 'limited')];
const outcomes = ({ simulated, real }: Compared): readonly string[] => [simulated.outcome, real.outcome];

describe('what the simulator leaves out of what an account is', () => {
  // bench/defence/policies/ours/visits.ts, src/flows/admit.ts isAgain
  it('counts each browser of an account once in six hours, and not the account', async () => {
    const { last } = await story([{ browser: 'one' }, { browser: 'one', afterMs: hourMs }]);
    expect(last.simulated.asked.join()).toContain('"as":"known"');
    expect(last.simulated.asked.join()).not.toContain('"again":true');
    expect(last.real.asked.join()).toContain('"again":true');
  });

  // bench/defence/policies/ours/networks.ts, src/device/changes.ts revoked
  it('remembers the places of an account whose password was replaced: in a surge its owner is asked for no link', async () => {
    const fromMs = startMs + 3 * dayMs + 9 * hourMs;
    const before = made.steps.filter(({ part, atMs }) => atMs < fromMs && ['first sign-ins', 'known browsers', 'stuffing from many addresses'].includes(part));
    const { last } = await story([{ form: 'forgot', browser: 'fresh', address: '80.1.1.1' }, { browser: 'fresh', address: population.homes[ada] ?? '', answers: false }], { before, fromMs });
    expect(outcomes(last)).toEqual(['in', 'link']);
  });

  // bench/defence/policies/ours/index.ts openKnown, src/flows/right-password.ts mustChange
  it('lets a known browser change a password that has leaked, where the product wants more than a password behind it', async () => {
    const { last } = await story([{ browser: 'one' }, { browser: 'one', afterMs: 7 * hourMs, leaks: [population.passwords[ada] ?? ''], answers: false }], { list: true });
    expect(outcomes(last)).toEqual(['in, to change the password', 'another password']);
  });

  // src/flows/admit.ts enter
  it('counts such a visit for what is usual, and as a whole session', async () => {
    const { last } = await story([...misbehaved(9), { browser: 'one', address: office }, { browser: 'one', afterMs: 7 * hourMs, leaks: [population.passwords[ada] ?? ''], answers: false }], { list: true });
    expect(outcomes(last)).toEqual(['in, to change the password', 'in, to change the password']);
    expect([last.simulated.asked.join().includes('again'), last.real.asked.join().includes('again')]).toEqual([false, true]);
    expect([last.simulated.told.join(), last.real.told.join()]).toEqual([expect.stringContaining('stage full'), expect.stringContaining('stage change-password')]);
  });

  // bench/defence/policies/ours/index.ts openKnown, src/flows/admit.ts askForFactor
  it('takes a known browser for in before the second factor is given', async () => {
    const { all } = await story([{ user: bo, browser: 'one' }, { user: bo, browser: 'one', afterMs: 7 * hourMs }]);
    const [asks, gives] = all.slice(-2) as [Compared, Compared];
    expect([asks.simulated.asked.join(), asks.real.asked.join()]).toEqual([expect.stringContaining('"as":"known"'), '']);
    expect([asks.simulated.told.join(), asks.real.told.join()]).toEqual([expect.stringContaining('sign-in.succeeded'), expect.stringContaining('sign-in.pending')]);
    expect([gives.simulated.asked.join(), gives.real.asked.join()]).toEqual(['', expect.stringContaining('"as":"known"')]);
  });
});

describe('failures in a row in the simulator', () => {
  // bench/defence/policies/ours/index.ts open, src/flows/sign-in.ts decide
  it('are told as a sign-in that waits, once there are too many', async () => {
    const { last } = await story([...failures(50), { browser: 'one', answers: false }]);
    expect(outcomes(last)).toEqual(['another password', 'another password']);
    expect([last.simulated.told.join(), last.real.told.join()]).toEqual([expect.stringContaining('sign-in.pending, needs mailed-link'), expect.stringContaining('sign-in.failed, reason too-many-failures')]);
  });

  // bench/defence/policies/ours/index.ts enter, src/flows/password-guard.ts passed
  it('are forgotten by a sign-in in a known browser, even if there were too many', async () => {
    const { last } = await story([{ browser: 'one' }, ...failures(50), { browser: 'one' }, { browser: 'other', answers: false }]);
    expect(outcomes(last)).toEqual(['link', 'another password']);
  });

  // bench/defence/policies/ours/index.ts finish, src/flows/challenge.ts confirm
  it('are forgotten by a mailed link that is opened', async () => {
    const { last } = await story([...failures(45), { browser: 'one' }, ...failures(6), { browser: 'other', answers: false }]);
    expect(outcomes(last)).toEqual(['link', 'another password']);
  });

  // src/ports/events.ts password.closed-to-strangers
  it('raise no alarm when they are too many', async () => {
    const { alarms } = await story(failures(51, 10 * minuteMs));
    expect([alarms.simulated.includes('brute-force'), alarms.real.includes('brute-force')]).toEqual([false, true]);
  });
});

describe('limits and forms in the simulator', () => {
  // bench/defence/policies/ours/index.ts open, src/flows/right-password.ts enterWith
  it('give a right password nothing back that is asked for a second factor by the evidence as well', async () => {
    const { last } = await story([...misbehaved(9), ...times(9, () => ({ user: bo, address: office, answers: false, afterMs: 20_000 }))]);
    expect(outcomes(last)).toEqual(['limited', 'second factor']);
  });

  // bench/defence/policies/ours/index.ts addressKeysOf, src/kernel/address.ts networkOf
  it('take every IPv6 address for a client of its own, and not a /64', async () => {
    const { all } = await story(times(16, (nth) => ({ user: -1, name: `nobody${nth}@example.test`, typed: 'old', address: `2a02:1:2:3::${nth + 1}`, answers: false, afterMs: 2_000 })));
    expect(limited(all)).toEqual([false, true]);
  });

  // bench/defence/policies/ours/index.ts probe, src/flows/mail-request.ts admitRequest
  it('refuse a form to a browser that the account knows, in a network that is refused', async () => {
    const { last } = await story([{ browser: 'one' }, ...misbehaved(42), { browser: 'one', address: office, form: 'forgot', answers: false }]);
    expect(outcomes(last)).toEqual(['limited', 'received']);
  });

  // bench/defence/policies/ours/index.ts beginWith, src/flows/door.ts charge
  it('charge a known browser alone, and not its address: it comes in from one that others have used up', async () => {
    const { last } = await story([{ browser: 'one' }, ...misbehaved(16, 1_000), { browser: 'one', address: office, answers: false, afterMs: 1_000 }]);
    expect(outcomes(last)).toEqual(['in', 'limited']);
  });
});

describe('what the monitor is told in the simulator', () => {
  // bench/defence/policies/ours/index.ts beginWith, src/flows/sign-in.ts whyWrong
  it('is of no unknown name where a network is refused', async () => {
    const { last } = await story(misbehaved(43));
    expect([last.simulated.told.join(), last.real.told.join()]).toEqual([expect.stringContaining('reason refused-network'), expect.stringContaining('reason unknown-account')]);
  });

  // bench/defence/policies/ours/index.ts open, src/flows/right-password.ts judge
  it('is not what the guard thinks of a password that has leaked', async () => {
    const { last } = await story([...misbehaved(9), { user: leaky, address: office, answers: false }], { list: true });
    expect(outcomes(last)).toEqual(['another password', 'another password']);
    expect([last.simulated.told.join().includes('login-guard.decided'), last.real.told.join().includes('login-guard.decided')]).toEqual([false, true]);
  });

  // bench/defence/policies/ours/reports.ts probed, src/detect/monitor/handlers.ts resetSucceeded
  it('takes back what an office has failed and then replaced: the product raises an alarm', async () => {
    const visits = population.ids.slice(3, 13).map((_, nth) => nth + 3).flatMap((user): readonly Move[] => [
      { user, typed: `typo${user}`, browser: `new${user}`, address: office },
      { user, form: 'forgot', browser: `new${user}`, address: office },
    ]);
    const { alarms } = await story(visits);
    expect(alarms).toEqual({ simulated: [], real: ['stuffing'] });
  });

  // bench/defence/policies/ours/reports.ts entered, src/flows/second-factor.ts verify, src/flows/challenge.ts confirm
  it('takes back what was mistyped before a second factor was given or a link opened: the product raises an alarm', async () => {
    const visits = factors.slice(0, 9).flatMap((user): readonly Move[] => [
      { user, typed: `typo${user}`, browser: `new${user}`, address: office },
      { user, browser: `new${user}`, address: office },
    ]);
    const { alarms } = await story(visits);
    expect(alarms).toEqual({ simulated: [], real: ['stuffing'] });
  });
});
