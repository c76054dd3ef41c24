import { describe, expect, it } from 'vitest';
import type { IncidentResponse } from '../../src/flows/incident/incident.ts';
import type { IncidentReport } from '../../src/flows/incident/report.ts';
import type { IncidentOptions } from '../../src/flows/incident/parts.ts';
import { attack, attacker, entry, processOf, stores, world, type World } from './incident-setup.ts';

const hourMs = 3_600_000;

/** Two entered accounts that changed things, and one whose changes are its owner's. */
function changed(at: World): { readonly plan: ReturnType<typeof attack>; readonly activity: NonNullable<IncidentOptions['activity']> } {
  const nowMs = at.clock.nowMs();
  const plan = attack(at, { noticedMs: nowMs - 60_000 });
  at.entries.push(
    entry('a1', 'email-change.succeeded', nowMs - hourMs), entry('a1', 'password-change.succeeded', nowMs - 2 * hourMs), entry('a2', 'factor.enrolled', nowMs - hourMs, { factorId: 'f1' }),
    entry('a3', 'password-change.succeeded', nowMs - hourMs), entry('a1', 'sign-in.succeeded', nowMs - hourMs), entry('a2', 'factor.removed', nowMs - 1_000 * hourMs),
    entry('a2', 'session.ended', nowMs - hourMs / 4, { by: 'a2' }), entry('a2', 'session.epoch-raised', nowMs - hourMs / 8, { scope: 'user', by: 'a2' }),
    entry('a2', 'session.ended', nowMs - hourMs / 9, { by: 'operator-1' }), entry('a2', 'session.epoch-raised', nowMs - hourMs / 9, { scope: 'user', by: 'operator-1' }),
  );
  return {
    plan,
    async *activity({ accountIds, fromMs }) {
      const all = [
        { accountId: 'a1', atMs: nowMs - hourMs / 2, kind: 'export' as const, what: '4,000 addresses' },
        { accountId: 'a2', atMs: nowMs - hourMs / 2, kind: 'campaign' as const, what: '<b>Cheap\u202e pills</b>' },
        { accountId: 'a0', atMs: NaN, kind: 'key' as const, what: 'at no time' },
      ];
      for (const each of all) if (accountIds.includes(each.accountId) && !(each.atMs < fromMs)) yield await Promise.resolve(each);
    },
  };
}

async function reportOf(incident: IncidentResponse): Promise<IncidentReport> {
  const report = await incident.report({ id: 'october' });
  if (report === undefined) throw new Error('there is no report');
  return report;
}

describe.each(stores)('the report of an incident, %s', (on) => {
  it('lists the affected accounts and what each changed while the attackers were in', async () => {
    const at = world({ on });
    const { plan, activity } = changed(at);
    const { incident } = processOf(at, { activity });
    await incident.contain(plan);
    // What comes after the sessions have ended is the owner's.
    await at.clock.advance(hourMs);
    at.entries.push(entry('a1', 'password-reset.succeeded', at.clock.nowMs()));
    const report = await incident.report({ id: 'october' });
    const changes = report?.facts.accounts.map(({ accountId, because, changes: found }) => [accountId, because, ...found.map(({ kind, what }) => `${kind} ${what}`)]);
    expect(changes).toEqual([
      ['a0', 'listed'],
      ['a1', 'signed-in', 'password password-change.succeeded', 'address email-change.succeeded', 'export 4,000 addresses'],
      ['a2', 'signed-in', 'factors factor.enrolled', 'campaign <b>Cheap pills</b>', 'session session.ended', 'session session.epoch-raised'],
    ]);
    expect(report?.facts).toMatchObject({ id: 'october', affected: 3, truncated: false, complete: true });
  });

  it('has a time line from the first entry to the last step, with the seconds of each', async () => {
    const at = world({ on });
    const { plan } = changed(at);
    const { incident } = processOf(at);
    await incident.contain(plan);
    await incident.lift({ id: 'october', by: 'operator-2' });
    const { facts, text, json, html } = await reportOf(incident);
    expect(facts.firstEntryMs).toBe(at.signIns[0]?.atMs);
    expect(facts.timeline.map(({ what }) => what)).toEqual([
      'attack began', 'first entry: a sign-in from a source of the attack', 'attack noticed', 'containment ordered', 'read-only mode switched on', 'sessions ended', 'affected accounts found',
      'passwords of the affected marked for replacement', 'second factor made mandatory', 'owners of affected accounts told', 'everybody else asked for a second factor', 'read-only mode lifted',
    ]);
    expect(facts.timeline[2]).toMatchObject({ afterMs: 2 * hourMs - 60_000 });
    expect(text).toContain('2025-12-31 22:00:00 UTC       +0 ms  first entry: a sign-in from a source of the attack\n2025-12-31 23:59:00 UTC    +119 min  attack noticed\n');
    expect(text).toMatch(/UTC {6}\+2\.0 h {2}read-only mode switched on \(took \d+ ms\)/);
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(facts)));
    for (const form of [text, json, html]) expect(form).not.toContain(attacker);
  });
});

describe('what a report is pasted into', () => {
  it('gets no markup, no invisible characters and nothing that is loaded', async () => {
    const at = world();
    const { plan, activity } = changed(at);
    const { incident } = processOf(at, { activity });
    await incident.contain({ ...plan, reason: 'An <script>alert(1)</script> & "attack"' });
    const { text, html } = await reportOf(incident);
    expect(html).not.toMatch(/<script|<b>|src=|href=|url\(|@import/);
    expect(html).toContain('An &#60;script&#62;alert(1)&#60;/script&#62; &#38; &#34;attack&#34;');
    expect(text + html).not.toMatch(/[\u202a-\u202e]/u);
  });

  it('stays short: a thousand accounts, twenty changes each', async () => {
    const at = world({ count: 1_500 });
    for (let each = 0; each < 30; each += 1) at.entries.push(entry('a7', 'factor.enrolled', at.clock.nowMs() - each));
    const { incident } = processOf(at);
    await incident.contain(attack(at, { affected: { accountIds: [...at.accounts.keys()] }, notices: { affected: false, everyoneElse: false } }));
    const report = await incident.report({ id: 'october' });
    expect(report?.facts).toMatchObject({ affected: 1_500, truncated: true });
    expect(report?.facts.accounts).toHaveLength(1_000);
    expect(report?.facts.accounts.find(({ accountId }) => accountId === 'a7')).toMatchObject({ changes: { length: 20 }, truncated: true });
    expect(report?.text).toContain('1500 accounts affected, of whom the first 1000 are listed.');
  });

  it('says what is not done yet', async () => {
    const at = world();
    const { resets } = processOf(at);
    const { incident } = processOf(at, { resets: { ...resets, markAll: async () => Promise.reject(new Error('full')) } });
    await incident.contain(attack(at));
    const report = await incident.report({ id: 'october' });
    expect(report?.text).toContain('Containment is not complete.');
    expect(report?.text).toContain('passwords of the affected marked for replacement: failed');
  });
});
