import { describe, expect, it } from 'vitest';
import type { ContainPlan } from '../../src/flows/incident/plan.ts';
import { attack, attacker, processOf, world } from './incident-setup.ts';

describe('a list of the affected that is empty', () => {
  it.each<[string, ContainPlan['affected']]>([
    ['accountIds', { sources: [], accountIds: [] }],
    ['accountIds', { accountIds: [] }],
    ['sources', { sources: [] }],
    ['accountIds', { accountIds: [], breached: false, fromMs: 1 }],
  ])('names nobody: alone it is refused as affected.%s, so that nobody takes "0 affected" for the end of it', async (field, affected) => {
    const at = world();
    const { incident } = processOf(at);
    for (const more of [{}, { dryRun: true }, { sessions: 'affected' as const }]) {
      await expect(incident.contain(attack(at, { ...more, affected }))).rejects.toMatchObject({ code: 'ERR_CONFIG', message: expect.stringContaining(`incident.contain.affected.${field}: expected at least one`) as string });
    }
    expect([at.events, await incident.status()]).toEqual([[], []]);
  });

  it('is nothing beside another cause, and nobody is asked who came from nowhere', async () => {
    const at = world();
    const signIns = (): never => { throw new Error('asked'); };
    expect(await processOf(at, { signIns }).incident.contain(attack(at, { affected: { sources: [], accountIds: ['a0'] } }))).toMatchObject({ complete: true, affected: { total: 1 } });
    const beforeMs = at.clock.nowMs() - 1_000;
    expect(await processOf(at).incident.contain(attack(at, { id: 'old', affected: { accountIds: [], passwordsSetBeforeMs: beforeMs } }))).toMatchObject({ complete: true, affected: { total: 0 } });
    expect(await processOf(at).incident.contain(attack(at, { id: 'some', affected: { sources: [attacker], accountIds: [] } }))).toMatchObject({ complete: true, affected: { total: 2 } });
  });
});

describe('why passwords must be replaced after an incident', () => {
  // ASVS 5.0 6.4.1, 6.4.6
  it.each(['admin', 'initial'])('is never "%s": such a password still opens the account, and whoever has it would choose the next one', async (reset) => {
    const at = world();
    const { incident } = processOf(at);
    await expect(incident.contain(attack(at, { reset: reset as 'incident' }))).rejects.toMatchObject({ code: 'ERR_CONFIG', message: expect.stringContaining('incident.contain.reset') as string });
    expect(at.events).toEqual([]);
  });

  it.each(['incident', 'breached', 'compromised'] as const)('may be "%s": the old password opens nothing but a mail to its owner', async (reset) => {
    const at = world();
    const { incident, resets } = processOf(at);
    await incident.contain(attack(at, { reset }));
    expect(await resets.check({ accountId: 'a1' })).toMatchObject({ reason: reset, opens: 'mailed-link' });
  });
});
