import { describe, expect, it } from 'vitest';
import { auth0 } from '../../bench/defence/policies/auth0.ts';
import { axes, axesHour } from '../../bench/defence/policies/axes.ts';
import { betterAuth } from '../../bench/defence/policies/better-auth.ts';
import { devise } from '../../bench/defence/policies/devise.ts';
import { expressRateLimit } from '../../bench/defence/policies/express-rate-limit.ts';
import { fail2ban } from '../../bench/defence/policies/fail2ban.ts';
import { leakedStepsUp } from '../../bench/defence/policies/leaked-steps-up.ts';
import { none } from '../../bench/defence/policies/none.ts';
import { partPolicies, policies } from '../../bench/defence/policies/index.ts';
import { rateLimiterFlexible, rateLimiterFlexibleInMemory } from '../../bench/defence/policies/rate-limiter-flexible.ts';
import { stopGuessing } from '../../bench/defence/policies/stop-guessing.ts';
import { dayMs, hourMs, minuteMs } from '../../bench/defence/scenario.ts';
import { repeated, trial } from './defence-support.ts';

const many = (kind: string, count: number): readonly string[] => new Array<string>(count).fill(kind);

describe('no defense', () => {
  it('lets every right password in and says no to every other', async () => {
    const { attempt, wrong, policy } = trial(none);
    expect(await repeated(200, wrong)).toEqual(many('wrong', 200));
    expect(await attempt()).toEqual({ as: 'in' });
    expect(policy.alarms()).toEqual([]);
  });
});

// express-rate-limit 8 source/rate-limit.ts
describe('express-rate-limit with its defaults', () => {
  it('lets five requests through in a minute from the first, right ones as well', async () => {
    const { attempt, wait } = trial(expressRateLimit);
    expect(await repeated(6, attempt)).toEqual([...many('in', 5), 'denied']);
    expect(await attempt()).toEqual({ as: 'denied', retryAfterMs: 54_000 });
    wait(53_000);
    expect((await attempt()).as).toBe('in');
  });

  it('takes an IPv6 /56 for one address, and another for another', async () => {
    const { attempt } = trial(expressRateLimit);
    await repeated(5, () => attempt({ address: '2a0e:97c0:7:1200::1' }));
    expect((await attempt({ address: '2a0e:97c0:7:12ff:9::2' })).as).toBe('denied');
    expect((await attempt({ address: '2a0e:97c0:7:1300::1' })).as).toBe('in');
  });

  it('limits the sign-up form for itself, and tells of it once', async () => {
    const { probe, policy } = trial(expressRateLimit);
    for (let time = 0; time < 5; time += 1) expect(await probe()).toEqual({ ok: true });
    expect(await probe()).toEqual({ ok: false, retryAfterMs: 55_000 });
    await probe();
    expect(policy.alarms().map(({ kind }) => kind)).toEqual(['enumeration']);
  });
});

// rate-limiter-flexible wiki, "Login endpoint protection"
describe('rate-limiter-flexible in its recipe for logins', () => {
  it('blocks a pair of user and address for an hour at the eleventh failure in a row', async () => {
    const { attempt, wrong, wait, policy } = trial(rateLimiterFlexible);
    expect(await repeated(12, wrong)).toEqual([...many('wrong', 10), 'denied', 'denied']);
    expect(await attempt({ address: '45.80.0.2' })).toEqual({ as: 'in' });
    expect((await attempt()).as).toBe('denied');
    wait(hourMs);
    expect((await attempt()).as).toBe('in');
    expect(policy.alarms().map(({ kind }) => kind)).toEqual(['pair']);
  });

  it('forgets the failures of a pair at a success, and counts no pair of a name that nobody has', async () => {
    const { attempt, wrong } = trial(rateLimiterFlexible);
    await repeated(10, wrong);
    await attempt();
    expect(await repeated(10, wrong)).toEqual(many('wrong', 10));
    expect(await repeated(40, () => wrong({ name: 'nobody', accountId: undefined }))).toEqual(many('wrong', 40));
  });

  it('blocks an address for a day at the 101st failure', async () => {
    const { attempt, wrong, wait } = trial(rateLimiterFlexible);
    const spread = (nth: number) => wrong({ name: `user${nth}@example.test` });
    let user = 0;
    expect(await repeated(101, () => spread((user += 1)))).toEqual([...many('wrong', 100), 'denied']);
    expect((await attempt()).as).toBe('denied');
    wait(dayMs);
    expect((await attempt()).as).toBe('in');
  });

  it('never counts a pair to two on its memory store, where 90 days are too long for a timer', async () => {
    const { wrong } = trial(rateLimiterFlexibleInMemory);
    expect(await repeated(60, wrong)).toEqual(many('wrong', 60));
  });
});

// django-axes axes/conf.py, axes/handlers/database.py
describe('django-axes', () => {
  it('refuses an address for ever after three failures, successes between or not', async () => {
    const { attempt, wrong, wait } = trial(axes);
    await wrong();
    await attempt();
    await repeated(2, wrong);
    wait(90 * dayMs);
    expect(await attempt()).toEqual({ as: 'denied', retryAfterMs: Infinity });
    expect((await attempt({ address: '45.80.0.2' })).as).toBe('in');
  });

  it('adds the failures of all names of an address', async () => {
    const { attempt, wrong } = trial(axesHour);
    for (const name of ['a', 'b', 'c']) await wrong({ name });
    expect((await attempt({ name: 'd' })).as).toBe('denied');
  });

  it('with a cool-off of an hour lets in after it, which an attempt while locked begins anew', async () => {
    const { attempt, wrong, wait } = trial(axesHour);
    await repeated(3, wrong);
    wait(59 * minuteMs);
    expect((await attempt()).as).toBe('denied');
    wait(30 * minuteMs);
    expect((await attempt()).as).toBe('denied');
    wait(61 * minuteMs);
    expect((await attempt()).as).toBe('in');
  });
});

// Auth0 docs, attack protection
describe('Auth0', () => {
  it('blocks a pair after ten failures until 30 days after the last, or until the password is replaced', async () => {
    const { attempt, wrong, wait, policy } = trial(auth0);
    await repeated(10, wrong);
    expect((await attempt()).as).toBe('denied');
    expect((await attempt({ address: '45.80.0.2' })).as).toBe('in');
    policy.passwordChanged?.('account1', 0);
    expect((await attempt()).as).toBe('in');
    await repeated(10, wrong);
    wait(30 * dayMs);
    expect((await attempt()).as).toBe('in');
  });

  it('lets a hundred failures of an address through, and one more every 864 s', async () => {
    const { wrong, attempt, wait } = trial(auth0);
    let user = 0;
    const spread = () => wrong({ name: `user${(user += 1)}@example.test`, afterMs: 1 });
    expect(await repeated(101, spread)).toEqual([...many('wrong', 100), 'denied']);
    wait(864_000);
    expect((await attempt()).as).toBe('in');
    expect(await repeated(2, spread)).toEqual(['wrong', 'denied']);
  });

  it('lets fifty sign-ups of an address through, and leaves the form for a forgotten password alone', async () => {
    const { probe, policy } = trial(auth0);
    for (let time = 0; time < 50; time += 1) expect(await probe()).toEqual({ ok: true });
    expect(await probe()).toMatchObject({ ok: false });
    expect(await probe('45.80.0.1', 'forgot')).toEqual({ ok: true });
    expect(policy.alarms().map(({ kind }) => kind)).toEqual(['enumeration']);
  });
});

// devise lib/devise.rb, lib/devise/models/lockable.rb
describe('devise', () => {
  it('locks an account for everybody for an hour after twenty failures in a row, from wherever', async () => {
    const { attempt, wrong, wait } = trial(devise);
    let host = 0;
    expect(await repeated(20, () => wrong({ address: `45.80.1.${(host += 1)}` }))).toEqual(many('wrong', 20));
    expect(await attempt({ known: true })).toEqual({ as: 'denied', retryAfterMs: hourMs - 1_000 });
    wait(hourMs);
    expect((await attempt()).as).toBe('in');
  });

  it('counts anew after a success or a new password', async () => {
    const { attempt, wrong, policy } = trial(devise);
    await repeated(19, wrong);
    await attempt();
    await repeated(19, wrong);
    policy.passwordChanged?.('account1', 0);
    expect(await repeated(19, wrong)).toEqual(many('wrong', 19));
  });
});

// fail2ban config/jail.conf
describe('fail2ban', () => {
  it('bans an address for ten minutes after five failures within ten', async () => {
    const { attempt, wrong, wait } = trial(fail2ban);
    await repeated(5, wrong);
    expect(await attempt()).toEqual({ as: 'denied', retryAfterMs: 10 * minuteMs - 1_000 });
    wait(10 * minuteMs);
    expect((await attempt()).as).toBe('in');
  });

  it('does not mind five failures in eleven minutes', async () => {
    const { attempt, wrong } = trial(fail2ban);
    await repeated(5, () => wrong({ afterMs: 2.6 * minuteMs }));
    expect((await attempt()).as).toBe('in');
  });
});

// better-auth packages/better-auth/src/api/rate-limiter/index.ts
describe('better-auth', () => {
  it('lets three requests through until nothing was for ten seconds', async () => {
    const { attempt, wait } = trial(betterAuth);
    expect(await repeated(4, attempt)).toEqual([...many('in', 3), 'denied']);
    wait(9_001);
    expect((await attempt()).as).toBe('in');
  });

  it('counts each path for itself', async () => {
    const { attempt, probe } = trial(betterAuth);
    await repeated(3, attempt);
    expect(await probe()).toEqual({ ok: true });
  });
});

// Tian, Herley, Schechter, EuroS&P 2019; Microsoft/StopGuessing BlockingAlgorithmOptions.cs
describe('StopGuessing', () => {
  const spread = (wrong: ReturnType<typeof trial>['wrong'], times: number, leaked: 'popular' | 'no') => {
    let user = 0;
    return repeated(times, () => wrong({ name: `user${(user += 1)}@example.test`, leaked }));
  };

  it('refuses a popular password, looking like a wrong one, above a score of 50', async () => {
    const { attempt, wrong } = trial(stopGuessing);
    await spread(wrong, 9, 'popular');
    expect((await attempt({ leaked: 'popular' })).as).toBe('in');
    await spread(wrong, 12, 'popular');
    expect(await attempt({ leaked: 'popular' })).toEqual({ as: 'denied' });
  });

  it('lets a rare password in at a score that is a hundred times as high, which is how stuffing passes', async () => {
    const { attempt, wrong } = trial(stopGuessing);
    await spread(wrong, 900, 'popular');
    expect((await attempt({ leaked: 'popular' })).as).toBe('denied');
    expect((await attempt()).as).toBe('in');
    await spread(wrong, 1_200, 'popular');
    expect((await attempt()).as).toBe('denied');
    expect((await attempt({ known: true })).as).toBe('in');
  });

  it('forgets half of the score in twelve hours', async () => {
    const { attempt, wrong, wait } = trial(stopGuessing);
    await spread(wrong, 16, 'popular');
    expect((await attempt({ leaked: 'popular' })).as).toBe('denied');
    wait(12 * hourMs);
    expect((await attempt({ leaked: 'popular' })).as).toBe('in');
  });

  it('charges the repeat of a wrong password once', async () => {
    const { attempt, wrong } = trial(stopGuessing);
    await repeated(100, () => wrong({ passwordId: 'stale1', leaked: 'popular' }));
    expect((await attempt({ leaked: 'popular' })).as).toBe('in');
  });

  it('calls a password frequent that failed twenty times', async () => {
    const { attempt, wrong } = trial(stopGuessing);
    let user = 0;
    await repeated(32, () => wrong({ name: `user${(user += 1)}@example.test`, passwordId: 'sprayed' }));
    expect((await attempt({ passwordId: 'sprayed' })).as).toBe('denied');
    expect((await attempt({ passwordId: 'another' })).as).toBe('in');
  });

  it('gives credit for sign-ins, and no more to one account than its bound', async () => {
    const { attempt, wrong } = trial(stopGuessing);
    await spread(wrong, 26, 'popular');
    await repeated(20, () => attempt({ name: 'washer', accountId: 'washer' }));
    expect((await attempt({ leaked: 'popular', name: 'user99@example.test' })).as).toBe('denied');
  });
});

describe('a policy with "leaked password means step-up"', () => {
  it('asks strangers for it, and nobody whose browser is known or whose password is on no list', async () => {
    const { attempt, policy } = trial(leakedStepsUp(none));
    expect(policy.name).toBe('none+leaked');
    expect(await attempt({ leaked: 'leaked' })).toEqual({ as: 'step-up', reason: 'leaked password' });
    expect(await attempt({ leaked: 'popular' })).toEqual({ as: 'step-up', reason: 'popular password' });
    expect((await attempt({ leaked: 'leaked', known: true })).as).toBe('in');
    expect((await attempt()).as).toBe('in');
  });

  it('keeps what the policy itself refuses', async () => {
    const { attempt } = trial(leakedStepsUp(expressRateLimit));
    expect(await repeated(6, () => attempt({ leaked: 'leaked' }))).toEqual([...many('step-up', 5), 'denied']);
    const waited = trial(leakedStepsUp(rateLimiterFlexible));
    expect((await waited.attempt({ leaked: 'leaked' })).as).toBe('step-up');
  });

  it('is there for every peer', () => {
    const names = [...policies.keys()].filter((name) => !partPolicies.includes(name));
    const plain = ['none', 'erl', 'rlf', 'rlfmem', 'axes', 'axes1h', 'auth0', 'devise', 'f2b', 'betterauth', 'stopg'];
    expect(names.filter((name) => plain.includes(name))).toEqual(plain);
    expect(names.filter((name) => name.endsWith('+leaked'))).toEqual(plain.map((name) => `${name}+leaked`));
  });
});
