import { describe, expect, it } from 'vitest';
import type { IncidentOptions } from '../../src/flows/incident/parts.ts';
import type { ContainPlan } from '../../src/flows/incident/plan.ts';
import { attack, processOf, stores, world } from './incident-setup.ts';

/** Parts that write down for whom they were called; `broken` names those for whom they fail. */
function doors(broken: ReadonlySet<string> = new Set(), error = (): Error => new Error('the disk is full')) {
  const [browsers, links]: [string[], string[]] = [[], []];
  const noting = (into: string[]) => async (accountId: string): Promise<void> => {
    if (broken.has(accountId)) throw error();
    into.push(accountId);
    await Promise.resolve();
  };
  return { browsers, links, parts: { devices: { revokeAll: noting(browsers) }, endResets: noting(links) } satisfies Partial<IncidentOptions> };
}

const affected = ['a0', 'a1', 'a2'];

// ASVS 5.0 7.4.3, 6.4.6
describe.each(stores)('what lets attackers back in after their sessions, %s', (on) => {
  it.each<[string, Partial<ContainPlan>]>([
    ['the sessions of the affected', { sessions: 'affected' }],
    ["everyone's sessions", { sessions: 'everyone' }],
    ['the sessions of organizations', { sessions: { organizations: ['team'] } }],
    ['sessions, and no password', { sessions: 'affected', reset: false }],
  ])('is ended for each of the affected and nobody else, once, where a plan ends %s: known browsers and open reset links', async (_whose, more) => {
    const at = world({ on });
    const { browsers, links, parts } = doors();
    const plan = attack(at, more);
    const report = await processOf(at, parts).incident.contain(plan);
    expect(report).toMatchObject({ complete: true, failed: 0 });
    expect([browsers.toSorted(), links.toSorted()]).toEqual([affected, affected]);
    // The owner may have asked for a link since.
    expect(await processOf(at, parts).incident.contain(plan)).toEqual(report);
    expect([browsers.length, links.length]).toEqual([3, 3]);
    const { text } = await processOf(at, parts).incident.report({ id: 'october' }) ?? {};
    expect(text?.includes('passwords of the affected marked')).toBe(more.reset !== false);
    expect(text).toContain('browsers of the affected forgotten and their reset links ended');
  });

  it('is ended for those who are found late by their addresses as well', async () => {
    const at = world({ on });
    const { browsers, links, parts } = doors();
    const exposure = { name: 'leaks', check: async ({ email }: { readonly email: string }) => (email.startsWith('a4') ? { verdict: 'exposed' as const, breaches: [] } : { verdict: 'clean' as const }) };
    await processOf(at, { ...parts, exposure }).incident.contain(attack(at, { affected: { accountIds: ['a0'], exposed: true } }));
    expect([browsers.toSorted(), links.toSorted()]).toEqual([['a0', 'a4'], ['a0', 'a4']]);
  });
});

describe('a browser or a link that cannot be ended', () => {
  it('keeps nobody else from losing theirs, nor any password from being marked; the next call does what is left, and no more', async () => {
    const at = world({ count: 600 });
    const listed = [...at.accounts.keys()];
    const plan = attack(at, { affected: { accountIds: listed }, notices: { affected: false, everyoneElse: false } });
    const broken = new Set(['a3', 'a300']);
    const { browsers, links, parts } = doors(broken);
    const { incident, resets } = processOf(at, parts);
    const report = await incident.contain(plan);
    expect(report).toMatchObject({ complete: false, resets: { marked: 600 } });
    expect(report.steps.filter(({ state }) => state === 'failed')).toMatchObject([{ step: 'resets', error: 'Error' }]);
    expect(JSON.stringify(report)).not.toContain('disk');
    expect(await resets.check({ accountId: 'a3' })).toMatchObject({ reason: 'incident' });
    expect([browsers.length, links.length]).toEqual([598, 598]);
    broken.clear();
    expect(await processOf(at, parts).incident.contain(plan)).toMatchObject({ complete: true, resets: { marked: 600, already: 0 } });
    expect([browsers.toSorted(), links.toSorted()]).toEqual([listed.toSorted(), listed.toSorted()]);
  });

  it('because the password could not be marked is ended all the same', async () => {
    const at = world();
    const { browsers, parts } = doors();
    const { resets } = processOf(at);
    const report = await processOf(at, { ...parts, resets: { ...resets, markAll: async () => Promise.reject(new Error('full')) } }).incident.contain(attack(at));
    expect(report.steps.filter(({ state }) => state === 'failed')).toMatchObject([{ step: 'resets' }]);
    expect(browsers.toSorted()).toEqual(affected);
  });

  it('is not asked for again and again where none can be', async () => {
    const at = world({ count: 600 });
    let asked = 0;
    const devices = { revokeAll: async () => { asked += 1; return Promise.reject(new Error('full')); } };
    expect(await processOf(at, { devices }).incident.contain(attack(at, { affected: { accountIds: [...at.accounts.keys()] }, notices: { affected: false, everyoneElse: false } }))).toMatchObject({ complete: false, resets: { marked: 600 } });
    expect(asked).toBeLessThan(50);
  });

  it.each([['by many calls at once', 10]])('%s is ended once for each account', async (_what, calls) => {
    const at = world();
    const { browsers, parts } = doors();
    const plan = attack(at);
    const reports = await Promise.all(Array.from({ length: calls }, () => processOf(at, parts).incident.contain(plan)));
    for (const report of reports) expect(report).toMatchObject({ complete: true });
    expect(new Set(browsers)).toEqual(new Set(affected));
  });
});
