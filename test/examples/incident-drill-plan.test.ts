import { dictionary } from '@zxcvbn-ts/language-common';
import { describe, expect, it } from 'vitest';
import { fullSize, makePlan } from '../../examples/incident-drill/plan.ts';

const plan = makePlan(2019);
const listed = new Set(dictionary['passwords-common'] as readonly string[]);

describe('the plan of a drill', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(makePlan(2019)).toEqual(plan);
    expect(makePlan(2020).attacker.pairs).not.toEqual(plan.attacker.pairs);
  });

  it('gives the attacker the right password of every victim, and pairs of nobody beside them', () => {
    const passwordOf = new Map(plan.appSeed.teams.flatMap(({ users }) => users).map(({ email, password }) => [email, password]));
    const { pairs } = plan.attacker;
    expect(pairs.filter(({ registered }) => registered)).toHaveLength(fullSize.victims);
    expect(pairs.filter(({ registered }) => !registered)).toHaveLength(fullSize.strangers);
    for (const { email, password, registered } of pairs) expect(passwordOf.get(email)).toBe(registered ? password : undefined);
  });

  it('takes leaked passwords from the real list, 15% from none', () => {
    const victims = plan.attacker.pairs.filter(({ registered }) => registered);
    expect(victims.filter((pair) => !pair.listed)).toHaveLength(fullSize.victims * 0.15);
    for (const { password, listed: isListed } of plan.attacker.pairs) {
      expect([password, listed.has(password) || listed.has(password.toLowerCase())]).toEqual([password, isListed]);
      expect(password.length).toBeGreaterThanOrEqual(8);
    }
  });

  it('gives ordinary users passwords in no list, and teams of their own', () => {
    const victims = new Set(plan.attacker.pairs.map(({ email }) => email));
    for (const { password } of plan.ordinary) expect(listed.has(password)).toBe(false);
    const administrators = new Set(plan.administrators.map(({ email }) => email));
    for (const { users } of plan.appSeed.teams) expect(new Set(users.filter(({ email }) => !administrators.has(email)).map(({ email }) => victims.has(email))).size).toBe(1);
  });

  it('gives each team of victims an administrator first, whom no list knows', () => {
    const victims = new Set(plan.attacker.pairs.map(({ email }) => email));
    const teams = plan.appSeed.teams.filter(({ users }) => users.some(({ email }) => victims.has(email)));
    expect(teams.map(({ users }) => users[0]?.email)).toEqual(plan.administrators.map(({ email }) => email));
    for (const { password } of plan.administrators) expect(listed.has(password)).toBe(false);
  });

  it('has for every victim with a password of no list an owner, some with an authenticator and some without', () => {
    const unlisted = plan.attacker.pairs.filter((pair) => pair.registered && !pair.listed);
    expect(plan.owners.map(({ email, password }) => `${email} ${password}`).sort()).toEqual(unlisted.map(({ email, password }) => `${email} ${password}`).sort());
    expect(plan.owners.map(({ way }) => way)).toEqual(['code', 'mailbox', 'code', 'session', 'code', 'mailbox']);
  });

  it('gives everybody a loopback address of their own', () => {
    const sources = [...[...plan.ordinary, ...plan.owners, ...plan.administrators].map(({ source }) => source), ...plan.attacker.sources, plan.attacker.oneSource];
    expect(new Set(sources).size).toBe(fullSize.ordinary + plan.owners.length + plan.administrators.length + fullSize.sources + 1);
    for (const source of sources) expect(source).toMatch(/^127\.\d+\.\d+\.\d+$/);
  });

  it('names nobody twice', () => {
    const { accounts, free, pairs } = plan.attacker;
    const emails = [...accounts.map(({ email }) => email), ...free, ...pairs.map(({ email }) => email), ...[...plan.ordinary, ...plan.administrators].map(({ email }) => email)];
    expect(new Set(emails).size).toBe(emails.length);
  });
});
