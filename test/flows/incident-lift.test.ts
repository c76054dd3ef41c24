import { describe, expect, it } from 'vitest';
import { attack, processOf, stores, world } from './incident-setup.ts';

describe.each(stores)('lifting an incident, %s', (on) => {
  // RFC 9110 15.6.4
  it('allows writing again, and leaves sessions ended, passwords marked and the second factor mandatory', async () => {
    const at = world({ on });
    const { incident, readOnly, epochs, resets, mfa } = processOf(at);
    const old = await epochs.mark({ accountId: 'a9' });
    await incident.contain(attack(at));
    expect(await incident.lift({ id: 'october', by: 'operator-2' })).toEqual({ found: true, id: 'october', readOnly: 'lifted', first: true, stays: ['sessions', 'resets', 'second-factor'] });
    expect(await readOnly.status()).toEqual([]);
    expect(await epochs.check({ accountId: 'a9', mark: old })).toMatchObject({ live: false });
    expect(await resets.check({ accountId: 'a1' })).toMatchObject({ reason: 'incident' });
    expect(await mfa.read({ kind: 'app' })).toBeDefined();
    expect(at.events.filter(({ type }) => type === 'incident.lifted')).toEqual([{ type: 'incident.lifted', id: 'october', by: 'operator-2', readOnly: 'lifted' }]);
    expect(await incident.status('october')).toMatchObject([{ complete: true, lift: { by: 'operator-2', readOnly: 'lifted' } }]);
  });

  it('is done once: the second time there is nothing to do, and no call of contain switches it on again', async () => {
    const at = world({ on });
    const { incident, readOnly } = processOf(at);
    const plan = attack(at);
    await incident.contain(plan);
    await incident.lift({ id: 'october', by: 'operator-2' });
    expect(await incident.lift({ id: 'october', by: 'operator-3' })).toMatchObject({ readOnly: 'off', first: false });
    expect(await incident.contain(plan)).toMatchObject({ complete: true });
    expect(await readOnly.status()).toEqual([]);
    expect(at.events.filter(({ type }) => type === 'incident.lifted')).toHaveLength(1);
  });
});

describe('a switch that is not of the incident', () => {
  it('stays: one that was on before and is as strict', async () => {
    const at = world();
    const { incident, readOnly } = processOf(at);
    await readOnly.set({ level: 'all', reason: 'moving to another machine', by: 'operator-9' });
    await incident.contain(attack(at));
    expect(await readOnly.status()).toMatchObject([{ level: 'all', by: 'operator-9' }]);
    expect(await incident.lift({ id: 'october', by: 'operator-1' })).toMatchObject({ readOnly: 'left' });
    expect(await readOnly.status()).toMatchObject([{ level: 'all', by: 'operator-9' }]);
  });

  it('stays: one that somebody has set since', async () => {
    const at = world();
    const { incident, readOnly } = processOf(at);
    await incident.contain(attack(at));
    await readOnly.set({ level: 'all', reason: 'they are back', by: 'operator-9' });
    expect(await incident.lift({ id: 'october', by: 'operator-1' })).toMatchObject({ readOnly: 'left' });
    expect(await readOnly.status()).toMatchObject([{ level: 'all' }]);
  });

  it('comes back: one that was on before and is weaker', async () => {
    const at = world();
    const { incident, readOnly } = processOf(at);
    await readOnly.set({ level: 'sensitive', reason: 'audit', by: 'operator-9', forMs: 86_400_000 });
    const before = await readOnly.status();
    await incident.contain(attack(at));
    expect(await readOnly.status()).toMatchObject([{ level: 'writes', by: 'operator-1' }]);
    expect(await incident.lift({ id: 'october', by: 'operator-1' })).toMatchObject({ readOnly: 'restored' });
    expect(await readOnly.status()).toMatchObject([{ level: 'sensitive', reason: 'audit', by: 'operator-9', untilMs: before[0]?.untilMs }]);
  });

  it('may be weakened by no incident, nor a second factor made due later', async () => {
    const at = world();
    const { incident, mfa } = processOf(at);
    const { graceUntilMs } = await mfa.require({ scope: { kind: 'app' }, graceMs: 1_000, by: 'operator-9' });
    await incident.contain(attack(at, { secondFactor: { scope: { kind: 'app' }, graceMs: 86_400_000 } }));
    expect(await mfa.read({ kind: 'app' })).toMatchObject({ by: 'operator-9', graceUntilMs });
  });
});

describe('an incident that nobody knows', () => {
  it('is answered as one, and nothing is lifted', async () => {
    const at = world();
    const { incident, readOnly } = processOf(at);
    await readOnly.set({ level: 'all', reason: 'other', by: 'operator-9' });
    expect(await incident.lift({ id: 'nothing', by: 'operator-1' })).toEqual({ found: false, id: 'nothing' });
    expect(await incident.report({ id: 'nothing' })).toBeUndefined();
    expect(await incident.status('nothing')).toEqual([]);
    expect(await readOnly.status()).toHaveLength(1);
  });

  it.each([['lift.id', { id: 'a b', by: 'x' }], ['lift.by', { id: 'a', by: '' }], ['lift.by', { id: 'a' }]])('or cannot be one is refused by its name: %s', async (field, order) => {
    await expect(processOf(world()).incident.lift(order as never)).rejects.toMatchObject({ code: 'ERR_CONFIG', message: expect.stringContaining(`incident.${field}`) as string });
  });
});

describe('a list of incidents', () => {
  it('has the newest first, and each as far as it is', async () => {
    const at = world();
    const { incident } = processOf(at);
    await incident.contain(attack(at));
    await incident.contain(attack(at, { id: 'november', notices: { affected: false, everyoneElse: false } }));
    expect(await incident.status()).toMatchObject([{ id: 'november', complete: true, affected: { total: 3 } }, { id: 'october', complete: true }]);
  });
});
