import { describe, expect, it } from 'vitest';
import { memoryEvidence } from 'portcullis';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person, tokenOf } from '../support/person.ts';

const wide = { limit: 100_000, windowMs: 60_000 };
const limits = { signIn: { address: wide, account: wide } };

function attempt(kit: Kit, identifier: string, password: string) {
  return kit.value(kit.portcullis.signIn.attempt({ identifier, password, facts: openBrowser('198.51.100.7').facts() }));
}

// ASVS 5.0 14.2.4, CWE-312
describe('what is kept of an attempt until its owner has shown more', () => {
  it('tells whoever reads or writes the records neither which accounts have one password, nor which were tried from one network', async () => {
    const values = new Map<string, string>();
    const plain = makeKit();
    const records = {
      ...plain.store,
      compareAndSet: (change: Parameters<typeof plain.store.compareAndSet>[0]) => {
        values.set(change.key, change.value ?? '');
        return plain.store.compareAndSet(change);
      },
    };
    const kit: Kit = { ...makeKit({ records, accounts: plain.table, clock: plain.clock, limits }), table: plain.table, plant: (user) => plain.plant(user) };
    const people = [await person(kit), await person(kit, 'bo@example.com')];
    kit.leaks.set(goodPassword, { verdict: 'breached', count: 3 });
    for (const { email } of people) await attempt(kit, email, goodPassword);
    await kit.settle();
    const resets = [...values].filter(([key]) => key.startsWith('reset:')).map(([, value]) => value);
    expect(resets).toHaveLength(2);
    const [one = [], other = []] = resets.map((value): readonly string[] => value.match(/"[\w-]{22,}"/g) ?? []);
    expect(one.length).toBeGreaterThan(3);
    expect(one.filter((tag) => other.includes(tag))).toEqual([]);
    expect(resets.join('')).not.toMatch(/"(attempt|charged|weight)"/);
  });

  it.each<[string, unknown]>([['nothing', null], ['an object', {}], ['numbers that wash a network', { attempt: { source: 'A'.repeat(22) }, charged: { source: -1e9, account: NaN } }], ['text', 'x'.repeat(10_000)]])('gives nothing back for %s in its place, and the password is replaced all the same', async (_what, receipt) => {
    const kit = makeKit({ limits });
    const ada = await person(kit);
    kit.leaks.set(goodPassword, { verdict: 'breached', count: 3 });
    await attempt(kit, ada.email, goodPassword);
    await kit.settle();
    const key = `reset:${tokenOf(kit, 'reset-password').split('.')[0]}`;
    const found = await kit.store.read(key);
    const record = JSON.parse(found?.value ?? '') as { tickets: object[] };
    await kit.store.compareAndSet({ key, expectedVersion: found?.version ?? 0, value: JSON.stringify({ ...record, tickets: record.tickets.map((ticket) => ({ ...ticket, receipt })) }) });
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, facts: openBrowser().facts() }))).toMatchObject({ outcome: 'reset' });
    expect(kit.events.filter(({ type }) => type === 'store.failed')).toEqual([]);
  });

  it('is given back once its owner has replaced a password that has leaked, and once only', async () => {
    const told: string[] = [];
    const evidence = memoryEvidence();
    const kit = makeKit({ limits, evidence: { shared: false, reserve: (attempted) => evidence.reserve(attempted), settle: (outcome) => (told.push(outcome.as), evidence.settle(outcome)) } });
    const ada = await person(kit);
    kit.leaks.set(goodPassword, { verdict: 'breached', count: 3 });
    await attempt(kit, ada.email, goodPassword);
    await kit.settle();
    const redeem = () => kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, facts: openBrowser().facts() }));
    await Promise.all([redeem(), redeem(), redeem()]);
    await redeem();
    expect(told).toEqual(['held', 'refunded']);
  });
});
