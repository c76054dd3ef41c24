import { describe, expect, it } from 'vitest';
import { createKeyRing, memoryEvidence, memoryStore } from 'portcullis';
import { createLoginGuard } from 'portcullis/login-guard';
import { fakeClock } from 'portcullis/testing';
import { guarded, keys } from './support.ts';

const mebibyte = 2 ** 20;

// OWASP OAT-008, CWE-770
describe('what the guard remembers', () => {
  it('does not grow by 200,000 fresh networks, which displace none that is blocked and hide no newcomer', async () => {
    const clock = fakeClock();
    const evidence = memoryEvidence({ clock });
    const before = evidence.bytes;
    const { fail, enter } = guarded({ evidence, clock });
    const blocked = Array.from({ length: 100 }, (_, at) => `192.0.2.${at}`);
    for (const address of blocked) for (let each = 0; each < 45; each += 1) await fail({ address, account: `nobody-${address}-${each}`, exists: false, password: `p${each}` });
    for (let each = 0; each < 200_000; each += 1) await fail({ address: `2001:db8:${(each >> 16).toString(16)}:${(each & 0xffff).toString(16)}::1`, account: `nobody-${each}`, exists: false, password: `q${each}` });
    expect(evidence.bytes).toBe(before);
    expect(before).toBeLessThan(12 * mebibyte);
    let still = 0;
    for (const address of blocked) if ((await enter({ address, account: 'bob', password: 'right' })).includes('refused')) still += 1;
    expect(still).toBe(100);
    // Whoever comes after a flood is asked for more, and turned away by nobody else's failures.
    expect(await enter({ address: '198.51.100.200', account: 'bob', password: 'right' })).not.toContain('refused');
  }, 120_000);

  it('holds no name, no password and no address', async () => {
    const { guard } = guarded();
    const { receipt } = await guard.reserve({ address: '192.0.2.77', account: 'ann@example.com', exists: true, password: 'correct horse battery' });
    expect(JSON.stringify(receipt)).not.toMatch(/192\.0\.2|ann|example|correct|horse/);
    expect(Object.values(receipt.attempt).filter((value) => typeof value === 'string').every((tag) => /^[\w-]{22}$/.test(tag))).toBe(true);
  });

  it('calls a password by another tag on another day, and by another under another key', async () => {
    const { guard, clock } = guarded();
    const tagOf = async (other = guard): Promise<string | undefined> => (await other.reserve({ address: undefined, account: 'ann', exists: true, password: 'same' })).receipt.attempt.password;
    const today = await tagOf();
    expect(await tagOf()).toBe(today);
    clock.setWallMs(clock.nowMs() + 86_400_000);
    expect(await tagOf()).not.toBe(today);
    const otherKeys = createKeyRing({ keys: [{ id: 'k2', secret: Buffer.from('another key of thirty-two bytes!') }] });
    expect(await tagOf(createLoginGuard({ keys: otherKeys, evidence: memoryStore({ clock }), clock }))).not.toBe(await tagOf());
  });

  it.each<[string, object]>([
    ['ten megabytes', { account: 'x'.repeat(10_000_000), password: 'y'.repeat(10_000_000), address: 'z'.repeat(10_000_000) }],
    ['no address', { address: undefined }],
    ['an address that is none', { address: '999.1.1.1' }],
    ['nothing', { account: '', password: '' }],
    ['lone surrogates', { account: '\ud800', password: '\udfff' }],
  ])('takes %s as it takes everything else', async (_what, more) => {
    const { fail, enter } = guarded();
    expect(await fail(more)).toBe(false);
    expect(await enter(more)).toEqual([]);
  });
});

describe('requests without an address', () => {
  it('share no score: nobody is turned away for what others did, and each account is still watched', async () => {
    const { fail, enter } = guarded();
    for (let each = 0; each < 100; each += 1) await fail({ address: undefined, account: `user-${each}`, password: `p${each}` });
    expect(await enter({ address: undefined, account: 'bob', password: 'right' })).toEqual([]);
    for (let each = 0; each < 10; each += 1) await fail({ address: undefined, account: 'bob', password: `guess ${each}` });
    expect(await enter({ address: undefined, account: 'bob', password: 'right' })).toEqual(['account']);
  });
});

// ASVS 5.0 16.5.2
describe('an evidence store', () => {
  it.each<[string, () => never]>([
    ['throws', () => { throw new Error('gone'); }],
    ['rejects', () => Promise.reject(new Error('gone')) as never],
    ['never answers', () => new Promise<never>(() => undefined) as never],
  ])('that %s: strangers are asked for more, and it is told', async (_what, broken) => {
    const world = guarded({ evidence: { shared: true, reserve: broken, settle: broken } });
    const entering = world.enter({ account: 'bob' });
    for (let turn = 0; turn < 10; turn += 1) await world.clock.advance(60);
    expect(await entering).toEqual(['evidence-unknown']);
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'store.failed', store: 'evidence' }));
  });
});

// ASVS 5.0 16.5.3
describe('an evidence store that lies', () => {
  const honest = { source: 0, sharedSource: false, account: 0, password: 0, surge: false, charged: { source: 1, account: 1 } };
  it.each<[string, unknown]>([
    ['nothing', null],
    ['an empty object', {}],
    ['text', 'ok'],
    ['no number', { ...honest, source: NaN }],
    ['a number as text', { ...honest, account: '0' }],
    ['less than nothing', { ...honest, password: -1 }],
    ['a count in place of a flag', { ...honest, surge: 0 }],
    ['no charge', { ...honest, charged: undefined }],
  ])('and answers %s is one that is away: strangers are asked for more, and it is told', async (_what, answer) => {
    for (const inTime of [true, false]) {
      const world = guarded({ evidence: { shared: false, inTime, reserve: () => answer as never, settle: () => ({}) } });
      expect(await world.enter({ account: 'bob' })).toEqual(['evidence-unknown']);
      expect(world.events).toContainEqual(expect.objectContaining({ type: 'store.failed', store: 'evidence' }));
    }
  });

  it.each<[string, unknown]>([['nothing', undefined], ['text', 'began'], ['a change that is none', { surge: 'soon' }], ['markup', { slowSurge: '<b>' }]])('and answers %s to a settlement changes nothing', async (_what, answer) => {
    const world = guarded({ evidence: { shared: false, reserve: () => honest, settle: () => answer as never } });
    expect(await world.enter({ account: 'bob' })).toEqual([]);
    expect(world.events).toMatchObject([{ type: 'store.failed', store: 'evidence' }]);
  });
});

// ASVS 5.0 2.3.4, 15.4.2
describe('a thousand attempts at once', () => {
  it('at one account from one network, with the right password among the last: nothing is opened by it', async () => {
    const { guard } = guarded();
    const passes = await Promise.all(Array.from({ length: 1_000 }, (_, at) => guard.reserve({ address: '192.0.2.1', account: 'ann', exists: true, password: at === 999 ? 'right' : `guess ${at}` })));
    expect(passes.filter(({ refused }) => !refused)).toHaveLength(40);
    expect(passes.slice(0, 8).every(({ reasons }) => reasons.length === 0)).toBe(true);
    expect(passes.slice(8).every(({ reasons }) => reasons.includes('source'))).toBe(true);
  });

  it('at one account from a thousand networks: only the first ten would open it', async () => {
    const { guard } = guarded();
    const passes = await Promise.all(Array.from({ length: 1_000 }, (_, at) => guard.reserve({ address: `10.0.${at >> 8}.${at & 255}`, account: 'ann', exists: true, password: `guess ${at}` })));
    expect(passes.findIndex((pass) => pass.after({ familiar: true }).stepUp)).toBe(10);
    expect(passes.slice(10).every((pass) => pass.after({ familiar: true }).stepUp)).toBe(true);
  });
});

describe('observe mode', () => {
  it('lets everybody go on, and says whom it would have asked or turned away', async () => {
    const { guard, events, fail } = guarded({ mode: 'observe' });
    for (let each = 0; each < 50; each += 1) await fail({ account: `user-${each}`, password: `p${each}` });
    const pass = await guard.reserve({ address: '192.0.2.1', account: 'bob', exists: true, password: 'right', about: { accountId: 'bob' } });
    expect(pass.refused).toBe(false);
    expect(pass.after({ familiar: false }).stepUp).toBe(false);
    expect(events.filter(({ type }) => type === 'login-guard.decided').at(-1)).toMatchObject({ verdict: 'refuse', reasons: ['source'], enforced: false, accountId: 'bob' });
  });
});

describe('a known browser in the network', () => {
  it('keeps the others there from being turned away: they are asked for more', async () => {
    const { guard, fail, enter, clock } = guarded();
    for (let each = 0; each < 60; each += 1) await fail({ account: `user-${each}`, password: `p${each}` });
    expect(await enter({ account: 'bob', password: 'right' })).toEqual(['refused']);
    await guard.known({ address: '192.0.2.1' });
    expect(await enter({ account: 'bob', password: 'right' })).toEqual(['source']);
    clock.setWallMs(clock.nowMs() + 1);
    expect(keys.newestId).toBe('k1');
  });
});
