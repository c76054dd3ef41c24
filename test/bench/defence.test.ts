import { describe, expect, it } from 'vitest';
import { runBurst } from '../../bench/defence/burst.ts';
import { parseDefenseArgs } from '../../bench/defence/options.ts';
import { auth0 } from '../../bench/defence/policies/auth0.ts';
import { axesHour } from '../../bench/defence/policies/axes.ts';
import { devise } from '../../bench/defence/policies/devise.ts';
import { expressRateLimit } from '../../bench/defence/policies/express-rate-limit.ts';
import { none } from '../../bench/defence/policies/none.ts';
import { rateLimiterFlexible } from '../../bench/defence/policies/rate-limiter-flexible.ts';
import { stopGuessing } from '../../bench/defence/policies/stop-guessing.ts';
import { rankOf } from '../../bench/defence/population.ts';
import { rowOf } from '../../bench/defence/result.ts';
import { hourMs, scenarios, standard, startMs } from '../../bench/defence/scenario.ts';
import { recording, run, small, trafficOf } from './defence-support.ts';

const full = trafficOf(standard);
const share = (count: number, of: number): number => count / of;

describe('the population', () => {
  const { population, sessions } = full;

  it('signs in about 84,000 times in 28 days', () => {
    expect(sessions.length).toBeGreaterThan(80_000);
    expect(sessions.length).toBeLessThan(88_000);
  });

  it('has a valid cookie in nine sessions of ten, and more than half of its sessions in working hours', () => {
    const strangers = sessions.filter(({ device, cleared }) => device < 0 || cleared).length;
    expect(share(strangers, sessions.length)).toBeCloseTo(0.1, 2);
    const day = sessions.filter(({ atMs }) => new Date(atMs).getUTCHours() >= 8 && new Date(atMs).getUTCHours() < 20).length;
    expect(share(day, sessions.length)).toBeGreaterThan(0.6);
  });

  it('uses popular passwords in one account of ten, the top one in 0.37 % of all', () => {
    const ranks = population.passwords.map(rankOf);
    expect(Math.abs(share(ranks.filter((rank) => rank > 0).length, 10_000) - 0.1)).toBeLessThan(0.012);
    expect(share(ranks.filter((rank) => rank === 1).length, 10_000)).toBeGreaterThan(0.002);
    expect(share(ranks.filter((rank) => rank === 1).length, 10_000)).toBeLessThan(0.006);
  });

  it('is on the lists of pairs with 40 % of the accounts, 2.76 % with the password of today', () => {
    expect(Math.abs(share(population.listed.filter((password) => password !== undefined).length, 10_000) - 0.4)).toBeLessThan(0.02);
    const matching = population.listed.filter((password, user) => password === population.passwords[user]).length;
    expect(share(matching, 10_000)).toBeGreaterThan(0.022);
    expect(share(matching, 10_000)).toBeLessThan(0.033);
  });

  it('comes from where it lives, works and travels', () => {
    const from = (place: string): number => share(sessions.filter((session) => session.place === place).length, sessions.length);
    expect(from('travel')).toBeCloseTo(0.03, 2);
    expect(Math.abs(from('mobile-cgnat') + from('mobile-ipv6') - 0.15)).toBeLessThan(0.02);
    expect(Math.abs(from('office') - 0.09)).toBeLessThan(0.02);
    expect(new Set(sessions.filter(({ place }) => place === 'mobile-cgnat').map(({ address }) => address)).size).toBe(32);
    expect(new Set(sessions.filter(({ place }) => place === 'cgnat').map(({ address }) => address)).size).toBe(20);
  });

  it('fails in 11 % of its attempts, without the clients that never heard of the new password', async () => {
    const { make, asked } = recording();
    await run(make, undefined, full);
    const people = asked.filter(({ browserId }) => browserId !== undefined);
    expect(share(people.filter(({ right }) => !right).length, people.length)).toBeGreaterThan(0.095);
    expect(share(people.filter(({ right }) => !right).length, people.length)).toBeLessThan(0.125);
    expect(share(asked.filter(({ right }) => !right).length, asked.length)).toBeGreaterThan(0.15);
  });
});

describe('a run', () => {
  it('is the same for the same seed and another for another', async () => {
    const first = await run(expressRateLimit, 'A5');
    expect(await run(expressRateLimit, 'A5')).toEqual(first);
    expect(await run(expressRateLimit, 'A5', trafficOf(small, 2))).not.toEqual(first);
  });

  it('has the same legitimate traffic with an attacker as without', async () => {
    const quiet = recording();
    const attacked = recording();
    await run(quiet.make);
    await run(attacked.make, 'A5');
    const attackMs = startMs + small.attackMs;
    const early = attacked.asked.filter(({ nowMs }) => nowMs < attackMs);
    expect(early).toEqual(quiet.asked.filter(({ nowMs }) => nowMs < attackMs));
    const [legit] = [attacked.asked.filter(({ address }) => !address.startsWith('45.80.'))];
    // The run with an attacker ends a day after its window, which is a day at least.
    expect(legit).toEqual(quiet.asked.filter(({ nowMs }) => nowMs < attackMs + 48 * hourMs));
  });

  it('asks the policy in the order of time', async () => {
    const { make, asked } = recording();
    await run(make, 'A5s');
    expect(asked.every(({ nowMs }, at) => at === 0 || nowMs >= (asked[at - 1]?.nowMs ?? 0))).toBe(true);
  });

  it('takes every vulnerable account where nothing defends them, and harms nobody', async () => {
    const result = await run(none, 'A5');
    expect(result.vulnerable).toBeGreaterThan(8);
    expect(result).toMatchObject({ takeoverShare: 1, detectionMs: null, ordinaryDeniedShare: 0, ordinaryFailedShare: 0, stepUpShare: 0, bytes: 0 });
  });

  it('counts as vulnerable who has no second factor and the password that will be sent', async () => {
    const traffic = trafficOf();
    const { population } = traffic;
    const { vulnerable } = await run(none, 'A7', traffic);
    const onDayZero = population.listed.filter((password, user) => password === population.passwords[user] && population.secondFactor[user] === 0).length;
    expect(vulnerable).toBeLessThanOrEqual(onDayZero);
    expect(vulnerable).toBeGreaterThanOrEqual(onDayZero - 4);
  });

  it('writes exactly ten fields of a result', async () => {
    expect(Object.keys(rowOf(await run(none)))).toEqual(['policy', 'attacker', 'seed', 'takeoverShare', 'yieldPerIp', 'detectionMs', 'ordinaryDeniedShare', 'ordinaryFailedShare', 'stepUpShare', 'bytes']);
  });
});

describe('the standard world', () => {
  it('has about 250 accounts for stuffing to take, and about 125 for a slow spray', async () => {
    const stuffed = await run(none, 'A5', full);
    expect(stuffed.vulnerable).toBeGreaterThan(200);
    expect(stuffed.vulnerable).toBeLessThan(290);
    const sprayed = await run(none, 'A4', full);
    expect(sprayed.vulnerable).toBeGreaterThan(85);
    expect(sprayed.vulnerable).toBeLessThan(165);
  });

  it.each([
    ['erl', expressRateLimit, 0.95, 1], ['rlf', rateLimiterFlexible, 0.25, 0.55], ['stopg', stopGuessing, 0.8, 0.97], ['auth0', auth0, 0.05, 0.3], ['axes1h', axesHour, 0, 0.02], ['devise', devise, 0.95, 1],
  ] as const)('lets stuffing take of %s what a simulation before this one said, or near it', async (_name, makePolicy, least, most) => {
    const { takeoverShare } = await run(makePolicy, 'A5', full);
    expect(takeoverShare).toBeGreaterThanOrEqual(least);
    expect(takeoverShare).toBeLessThanOrEqual(most);
  });

  it('lets one attempt per address take nearly all of every peer', async () => {
    for (const makePolicy of [rateLimiterFlexible, auth0, stopGuessing]) expect((await run(makePolicy, 'A6', full)).takeoverShare).toBeGreaterThan(0.9);
  });
});

describe('owners', () => {
  it('who are denied try twice more, after 30 s and after 10 min, and then count as failed', async () => {
    const { make, asked } = recording(({ name, right }) => (right && name === 'user3@example.test' ? { as: 'denied' } : { as: right ? 'in' : 'wrong' }));
    const { overall } = await run(make);
    const tries = asked.filter(({ name, right }) => right && name === 'user3@example.test').map(({ nowMs }) => nowMs);
    expect(tries.length).toBe(3 * overall.all.failed);
    expect(overall.all).toMatchObject({ denied: overall.all.failed });
    expect(overall.all.failed).toBeGreaterThan(0);
  });

  it('pass a step-up in 96 of 100 sessions; it is no extra where they have a second factor', async () => {
    const { make, finished } = recording(({ right }) => (right ? { as: 'step-up', reason: 'always' } : { as: 'wrong' }));
    const { overall } = await run(make);
    expect(overall.all.failed / overall.all.stepUps).toBeCloseTo(0.04, 1);
    expect(overall.all.stepUps / overall.all.sessions).toBeCloseTo(0.9, 1);
    expect(finished.length).toBe(overall.all.sessions - overall.all.failed);
  });

  it('replace a leaked password in three cases of five when they are told', async () => {
    const plain = recording();
    const told = recording(({ right, leaked }) => (right ? (leaked === 'no' ? { as: 'in' } : { as: 'step-up', reason: 'leaked password' }) : { as: 'wrong' }));
    await run(plain.make);
    const { replaced } = await run(told.make);
    const leakedOf = (asked: readonly { right: boolean; leaked: string }[]): number => asked.filter(({ right, leaked }) => right && leaked !== 'no').length;
    expect(leakedOf(told.asked)).toBeLessThan(leakedOf(plain.asked) / 2);
    expect(replaced).toBeGreaterThan(0.1);
    expect(replaced).toBeLessThan(0.3);
  });

  it('replace it in every case where they get no further without, and sign in with the new one', async () => {
    const { make, asked } = recording(({ right, leaked }) => (right ? { as: 'in', mustChange: leaked !== 'no' } : { as: 'wrong' }));
    const { overall } = await run(make);
    const names = asked.filter(({ right, leaked }) => right && leaked !== 'no').map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(overall.all.failed).toBe(0);
  });
});

describe('attackers', () => {
  it.each([['A1', 10_000], ['A2', 16 * 720], ['A3', 16_000], ['A4', 8_000], ['A6u', 27], ['A8', 4 + 80_700]] as const)('%s sends what its description says', async (id, least) => {
    const { sent } = await run(none, id);
    expect(sent).toBeGreaterThanOrEqual(least);
    expect(sent).toBeLessThan(least * 1.05 + 400);
  });

  it('retry what was refused openly three times, and nothing that looks like a wrong password', async () => {
    const refusing = (outcome: { as: 'denied'; retryAfterMs?: number }) => recording(({ address, right }) => (address.startsWith('45.80.') ? outcome : { as: right ? 'in' : 'wrong' }));
    const { sent: open } = await run(refusing({ as: 'denied', retryAfterMs: 1_000 }).make, 'A5');
    const { sent: disguised } = await run(refusing({ as: 'denied' }).make, 'A5');
    expect(open).toBe(disguised * 4);
  });

  it('pass a mailed step-up only where the mailbox has the same password', async () => {
    const stepUp = (): ReturnType<typeof recording> => recording(({ right, known }) => (right ? (known ? { as: 'in' } : { as: 'step-up', reason: 'stranger' }) : { as: 'wrong' }));
    expect((await run(stepUp().make, 'A5')).takeoverShare).toBe(0);
    const open = stepUp();
    expect((await run(open.make, 'A5', trafficOf({ ...small, mailboxes: 1 }))).takeoverShare).toBe(1);
    expect(open.finished.some(({ by }) => by === 'attacker')).toBe(true);
  });

  it('of 2019 enter one account first, look for addresses nine days later, and try the pairs after that', async () => {
    const { make, asked, probed } = recording();
    await run(make, 'A8');
    const own = asked.filter(({ address }) => address.startsWith('45.80.'));
    expect(new Date(own[0]?.nowMs ?? 0).toISOString()).toBe('2019-10-12T09:00:00.000Z');
    const looks = probed.filter(({ completed }) => !completed);
    expect(new Date(looks[0]?.nowMs ?? 0).toISOString()).toBe('2019-10-21T19:15:00.000Z');
    expect(new Date(looks.at(-1)?.nowMs ?? 0).toISOString()).toBe('2019-10-22T17:39:59.000Z');
    expect(looks.filter(({ exists }) => exists).length / looks.length).toBeCloseTo(0.05, 2);
  });
});

describe('the burst', () => {
  it('overshoots where a policy looks first and counts later, and not where it counts first', async () => {
    expect((await runBurst(standard, 1, rateLimiterFlexible)).overshoot).toBe(989);
    expect((await runBurst(standard, 1, expressRateLimit)).overshoot).toBe(0);
  });
});

describe('the replay of a forced reset', () => {
  it('brings three users of ten in one day, each by way of a mail', async () => {
    const { make, probed } = recording();
    const traffic = trafficOf({ ...small, forcedReset: 0.3 });
    await run(make, undefined, traffic);
    const dayStartMs = startMs + 14 * 24 * hourMs;
    const resets = probed.filter(({ flow, nowMs }) => flow === 'forgot' && nowMs >= dayStartMs && nowMs < dayStartMs + 25 * hourMs);
    expect(resets.length / small.accounts).toBeCloseTo(0.3, 1);
  });
});

describe('the options', () => {
  const known = { policies: ['none', 'erl'], attackers: ['legit', 'A5'], scenarios: ['standard', 'n-1k'] } as const;

  it('run everything on ten seeds where nothing is asked for, and only then write the report', () => {
    const parsed = parseDefenseArgs([], known);
    expect(parsed).toMatchObject({ run: { writesReport: true, json: undefined } });
    const jobs = 'run' in parsed ? parsed.run.jobs : [];
    expect(jobs.filter(({ scenario }) => scenario === 'standard').length).toBe(140);
    expect(new Set(jobs.map(({ scenario }) => scenario))).toEqual(new Set(scenarios.keys()));
    expect(parseDefenseArgs(['--seeds', '2'], known)).toMatchObject({ run: { writesReport: false } });
    expect(parseDefenseArgs(['--from', 'kept.json'], known)).toMatchObject({ run: { from: 'kept.json', writesReport: true } });
    expect(parseDefenseArgs(['--from', 'kept.json', '--html', 'page.html'], known)).toMatchObject({ run: { writesReport: false } });
    expect(parseDefenseArgs(['--seed', '7', '--attackers', 'A5'], known)).toMatchObject({ run: { writesReport: false, jobs: [{ seed: 7, attacker: 'A5', scenario: 'standard', policies: ['none', 'erl'] }] } });
  });

  it.each([[['--policies', 'x'], '--policies: there is no "x". Known: none, erl'], [['--seed', '0'], '--seed: expected a whole number from 1, got "0"'], [['--seed', '1', '--seeds', '2'], '--seed, --seeds: expected one of them'], [['--json', ''], '--json, --html, --results, --from: expected the name of a file']])('%j: %s', (args, wrong) => {
    expect(parseDefenseArgs(args, known)).toEqual({ wrong });
  });
});
