import { describe, expect, it } from 'vitest';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import { account, attack, processOf, stores, world } from './incident-setup.ts';

describe.each(stores)('one account that a piece refuses, %s', (on) => {
  it.each<[string, Parameters<typeof account>[1]]>([
    ['is a member of more organizations than are looked at', { organizationIds: Array.from({ length: 1_001 }, (_, at) => `team-${at}`) }],
    ['is a member of nothing that is a list', { organizationIds: 'team' as unknown as string[] }],
  ])('since it %s keeps nobody else from being found: it is counted as failed', async (_why, more) => {
    const at = world({ on });
    at.accounts.set('a4', account('a4', more));
    const { incident, resets } = processOf(at);
    await resets.mark({ accountId: 'a7', reason: 'breached', by: 'flow' });
    const plan = attack(at, { affected: { breached: true } });
    expect(await incident.contain({ ...plan, dryRun: true })).toMatchObject({ affected: { total: 1 }, failed: 1 });
    const report = await incident.contain(plan);
    expect(report).toMatchObject({ complete: true, affected: { total: 1, because: { breached: 1 } }, failed: 1, notices: { affected: { told: 1 }, everyoneElse: { told: 9 } } });
    expect(await incident.status('october')).toMatchObject([{ failed: 1 }]);
    expect(await processOf(at).incident.contain(plan)).toEqual(report);
  });

  it('since its mark cannot be read is counted as failed: it is shut as it is', async () => {
    const at = world({ on });
    await at.store.compareAndSet({ key: accountRecordKey('reset', 'a4'), expectedVersion: 0, value: 'no JSON' });
    expect(await processOf(at).incident.contain(attack(at, { affected: { breached: true } }))).toMatchObject({ complete: true, affected: { total: 0 }, failed: 1 });
  });

  it('is no store that is gone: then the step fails, and nobody is told that they are not affected', async () => {
    const at = world({ on });
    const { resets } = processOf(at);
    const report = await processOf(at, { resets: { ...resets, check: async () => Promise.reject(new Error('gone')) } }).incident.contain(attack(at, { affected: { breached: true } }));
    expect(report).toMatchObject({ complete: false, failed: 0 });
    expect(report.steps.filter(({ state }) => state === 'failed')).toMatchObject([{ step: 'find' }]);
    expect(at.mails).toEqual([]);
  });
});
