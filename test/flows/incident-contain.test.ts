import { describe, expect, it } from 'vitest';
import { account, attack, attacker, entry, processOf, stores, world } from './incident-setup.ts';

const clean = { told: 0, failed: 0, maybe: 0, gone: 0 };

describe.each(stores)('containing an incident, %s', (on) => {
  // ASVS 5.0 7.4.5, 6.2.10, 6.4.6
  it('switches to read-only, ends all sessions, marks the affected, makes a second factor mandatory and tells everybody, each in its words', async () => {
    const at = world({ on });
    const { incident, readOnly, epochs, resets, mfa } = processOf(at);
    const old = await epochs.mark({ accountId: 'a9' });
    const report = await incident.contain(attack(at));
    expect(report).toMatchObject({ id: 'october', dryRun: false, complete: true, affected: { total: 3, because: { 'listed': 1, 'signed-in': 2, 'breached': 0, 'exposed': 0 } }, resets: { marked: 3, already: 0, failed: 0 }, notices: { affected: { ...clean, told: 3 }, everyoneElse: { ...clean, told: 7 } } });
    expect(await readOnly.status()).toMatchObject([{ level: 'writes', scope: { kind: 'everyone' }, by: 'operator-1', reason: 'Attackers tried passwords from leaks' }]);
    expect(await epochs.check({ accountId: 'a9', mark: old })).toMatchObject({ live: false });
    for (const accountId of ['a0', 'a1', 'a2']) expect(await resets.check({ accountId })).toMatchObject({ reason: 'incident', opens: 'mailed-link' });
    expect(await resets.check({ accountId: 'a3' })).toBeUndefined();
    expect(await mfa.read({ kind: 'app' })).toMatchObject({ by: 'operator-1' });
    const told = at.mails.map(({ kind, to }) => `${kind} ${to}`).sort();
    expect(told).toEqual([...[0, 1, 2].map((each) => `incident-affected a${each}@example.com`), ...[3, 4, 5, 6, 7, 8, 9].map((each) => `incident-notice a${each}@example.com`)]);
    expect(at.mails.find(({ to }) => to.startsWith('a1'))).toEqual({ kind: 'incident-affected', to: 'a1@example.com', reason: 'Attackers tried passwords from leaks', mustReset: true, signedInAtMs: at.signIns[0]?.atMs, forgotLink: 'https://app.example.com/forgot' });
  });

  it('does it in the order in which attackers are hurt: no way to write, no session, no password, and mails last', async () => {
    const at = world({ on });
    await processOf(at).incident.contain(attack(at));
    const steps = at.events.flatMap((event) => (event.type === 'incident.step' ? [`${event.step} ${event.outcome}`] : []));
    expect(steps).toEqual(['read-only done', 'sessions done', 'find done', 'resets done', 'second-factor done', 'tell-affected done', 'tell-others done']);
    expect(at.events.filter(({ type }) => type === 'incident.contained')).toEqual([{ type: 'incident.contained', id: 'october', by: 'operator-1', affected: 3 }]);
  });

  it('does nothing a second time when it is asked again, by whomever, and answers the same', async () => {
    const at = world({ on });
    const { incident } = processOf(at);
    const plan = attack(at);
    const first = await incident.contain(plan);
    const [mails, events] = [at.mails.length, at.events.length];
    expect(await incident.contain({ ...plan, by: 'operator-2' })).toEqual(first);
    expect(await processOf(at).incident.contain(plan)).toEqual(first);
    expect([at.mails.length, at.events.length]).toEqual([mails, events]);
  });

  it('refuses another plan under the same id', async () => {
    const at = world({ on });
    const { incident } = processOf(at);
    const plan = attack(at);
    await incident.contain(plan);
    await expect(incident.contain({ ...plan, reset: 'compromised' })).rejects.toMatchObject({ code: 'ERR_CONFIG', message: expect.stringContaining('incident.contain.id') as string });
  });

  it('first counts, if it is asked to, and neither writes nor mails', async () => {
    const at = world({ on });
    const writes: string[] = [];
    const records = { ...at.store, durable: true, read: (key: string) => at.store.read(key), compareAndSet: async (change: Parameters<typeof at.store.compareAndSet>[0]) => (writes.push(change.key), at.store.compareAndSet(change)), watch: () => () => undefined };
    at.accounts.set('a9', account('a9', { hasSecondFactor: true }));
    const { incident, readOnly } = processOf(at, { records });
    const report = await incident.contain(attack(at, { dryRun: true }));
    expect(report).toMatchObject({ dryRun: true, complete: false, affected: { total: 3, because: { 'listed': 1, 'signed-in': 2 } }, others: { accounts: 7, withoutSecondFactor: 9 } });
    expect([writes, at.mails, at.events, await readOnly.status(), await incident.status()]).toEqual([[], [], [], [], []]);
  });

  it('counts whoever is found in two ways once', async () => {
    const at = world({ on });
    const plan = attack(at, { affected: { sources: [attacker], accountIds: ['a1', 'a1', 'a0'] } });
    const { incident } = processOf(at);
    expect(await incident.contain({ ...plan, dryRun: true })).toMatchObject({ affected: { total: 3, because: { 'listed': 2, 'signed-in': 1 } } });
    expect(await incident.contain(plan)).toMatchObject({ affected: { total: 3, because: { 'listed': 2, 'signed-in': 1 } }, resets: { marked: 3 } });
  });
});

describe('whom an incident has hit', () => {
  it('is also whose password is marked as breached, or was refused at a sign-in because it is in a leak', async () => {
    const at = world();
    const { incident, resets } = processOf(at);
    await resets.mark({ accountId: 'a7', reason: 'breached', by: 'flow' });
    const beganMs = at.clock.nowMs() - 1_000;
    at.entries.push(entry('a8', 'sign-in.failed', beganMs, { reason: 'breached-password' }), entry('a6', 'sign-in.failed', beganMs, { reason: 'wrong-password' }), entry('a5', 'breach.found', beganMs, { flow: 'sign-up' }));
    expect(await incident.contain(attack(at, { affected: { breached: true } }))).toMatchObject({ complete: true, affected: { total: 2, because: { breached: 2 } }, resets: { marked: 1, already: 1 } });
  });

  it('is also who came in while the sessions were being ended', async () => {
    const at = world();
    const plan = attack(at, { affected: { sources: [attacker] } });
    const onProgress: NonNullable<typeof plan.onProgress> = ({ step, state }) => {
      if (step !== 'sessions' || state !== 'begun') return;
      at.clock.setWallMs(at.clock.nowMs() + 2_000);
      at.signIns.push({ accountId: 'a6', atMs: at.clock.nowMs() - 1_000, source: attacker });
    };
    expect(await processOf(at).incident.contain({ ...plan, onProgress })).toMatchObject({ affected: { total: 3, because: { 'signed-in': 3 } } });
  });

  it('is also whose address is in a leak; who cannot be asked for is counted', async () => {
    const at = world();
    const exposure = { name: 'leaks', check: async ({ email }: { readonly email: string }) => (email.startsWith('a4') ? { verdict: 'exposed' as const, breaches: [] } : email.startsWith('a5') ? { verdict: 'unknown' as const, reason: 'late' } : { verdict: 'clean' as const }) };
    const { incident, resets } = processOf(at, { exposure });
    const plan = attack(at, { affected: { accountIds: ['a0'], exposed: true } });
    expect(await incident.contain({ ...plan, dryRun: true })).toMatchObject({ affected: { total: 2 }, exposureUnknown: 1 });
    expect(await incident.contain(plan)).toMatchObject({ complete: true, affected: { total: 2, because: { listed: 1, exposed: 1 } }, exposureUnknown: 1, resets: { marked: 2 } });
    expect(await resets.check({ accountId: 'a4' })).toMatchObject({ reason: 'incident' });
    expect(at.mails.filter(({ kind }) => kind === 'incident-affected').map(({ to }) => to).sort()).toEqual(['a0@example.com', 'a4@example.com']);
  });

  it('may be everybody with an old password: one mark means them all', async () => {
    const at = world();
    const { incident, resets } = processOf(at);
    const beforeMs = at.clock.nowMs() - 1_000;
    await incident.contain(attack(at, { affected: { passwordsSetBeforeMs: beforeMs } }));
    expect(await resets.check({ accountId: 'a5', passwordSetAtMs: beforeMs - 1 })).toMatchObject({ reason: 'incident' });
    expect(await resets.check({ accountId: 'a5', passwordSetAtMs: beforeMs })).toBeUndefined();
  });

  it('may lose their sessions alone, or the members of organizations theirs', async () => {
    const at = world();
    const { incident, epochs } = processOf(at);
    const marks = await Promise.all(['a0', 'a3'].map((accountId) => epochs.mark({ accountId, organizationIds: [`team-${accountId}`] })));
    const live = () => Promise.all(['a0', 'a3'].map(async (accountId, each) => (await epochs.check({ accountId, mark: marks[each] })).live));
    await incident.contain(attack(at, { sessions: 'affected' }));
    expect(await live()).toEqual([false, true]);
    await incident.contain(attack(at, { id: 'november', sessions: { organizations: ['team-a3', 'team-b'] } }));
    expect(await live()).toEqual([false, false]);
  });
});
