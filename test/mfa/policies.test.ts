import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordStore } from 'portcullis';
import { createMfaPolicy, type MfaScope } from 'portcullis/mfa';
import { fakeClock } from 'portcullis/testing';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import { freshPath, openStore } from '../stores/sqlite-support.ts';
import { day, deaths, dying, emptyStore, setup, stores, team, teamKey } from './setup.ts';

const inTeam = { organizationIds: ['team-1'] };

describe.each(stores)('a policy on %s', (on) => {
  // checklist 3; ASVS 5.0 8.3.2
  it('binds from the next question on, keeps its beginning when its deadline moves, and can be lifted', async () => {
    const { clock, events, mfa } = setup({ on });
    expect(await mfa.policiesFor(inTeam)).toEqual([]);
    const first = await mfa.require({ scope: team, graceMs: 7 * day, by: 'admin-1' });
    expect(first).toEqual({ scope: team, sinceMs: clock.nowMs(), graceUntilMs: clock.nowMs() + 7 * day, by: 'admin-1' });
    await clock.advance(day);
    const second = await mfa.require({ scope: team, graceMs: day, by: 'admin-2' });
    expect(second).toEqual({ scope: team, sinceMs: first.sinceMs, graceUntilMs: clock.nowMs() + day, by: 'admin-2' });
    expect(await mfa.policiesFor({ organizationIds: ['team-1', 'team-1'] })).toEqual([second]);
    expect(await mfa.read(team)).toEqual(second);
    expect(await mfa.lift({ scope: team, by: 'admin-1' })).toBe(true);
    expect(await mfa.lift({ scope: team, by: 'admin-1' })).toBe(false);
    expect(await mfa.read(team)).toBeUndefined();
    expect(await mfa.policiesFor(inTeam)).toEqual([]);
    expect(events).toEqual([
      { type: 'mfa.policy-changed', scope: 'organization team-1', required: true, by: 'admin-1' },
      { type: 'mfa.policy-changed', scope: 'organization team-1', required: true, by: 'admin-2' },
      { type: 'mfa.policy-changed', scope: 'organization team-1', required: false, by: 'admin-1' },
    ]);
  });

  it('begins anew when it is switched on again', async () => {
    const { clock, mfa } = setup({ on });
    await mfa.require({ scope: team, graceMs: 0, by: 'admin-1' });
    await mfa.lift({ scope: team, by: 'admin-1' });
    await clock.advance(day);
    expect(await mfa.require({ scope: team, graceMs: 0, by: 'admin-1' })).toMatchObject({ sinceMs: clock.nowMs() });
  });

  it('does not end with its deadline', async () => {
    const { clock, mfa } = setup({ on });
    await mfa.require({ scope: team, graceMs: day, by: 'admin-1' });
    await clock.advance(1_000 * day);
    expect(await mfa.policiesFor(inTeam)).toHaveLength(1);
  });

  it('of the app, of an organization and of a role all bind, each by its own record', async () => {
    const { mfa, events } = setup({ on });
    const scopes: readonly MfaScope[] = [{ kind: 'app' }, { kind: 'organization', id: 'a' }, { kind: 'role', id: 'a' }];
    for (const scope of scopes) await mfa.require({ scope, graceMs: 0, by: 'admin-1' });
    expect((await mfa.policiesFor({ organizationIds: ['a', 'b'], roles: ['a', 'b'] })).map(({ scope }) => scope)).toEqual(scopes);
    expect((await mfa.policiesFor({})).map(({ scope }) => scope)).toEqual([{ kind: 'app' }]);
    expect(events.map((event) => 'scope' in event && event.scope)).toEqual(['app', 'organization a', 'role a']);
    await mfa.lift({ scope: { kind: 'organization', id: 'a' }, by: 'admin-1' });
    expect((await mfa.policiesFor({ organizationIds: ['a'], roles: ['a'] })).map(({ scope }) => scope.kind)).toEqual(['app', 'role']);
  });

  it('whose deadline fifty administrators move at once ends with what one of them said, and began once', async () => {
    const { clock, mfa, events } = setup({ on });
    const { sinceMs } = await mfa.require({ scope: team, graceMs: 0, by: 'admin-0' });
    await clock.advance(day);
    const all = await Promise.all(Array.from({ length: 50 }, (_, at) => mfa.require({ scope: team, graceMs: at * day, by: `admin-${at}` })));
    expect(all).toContainEqual(await mfa.read(team));
    expect(new Set(all.map((policy) => policy.sinceMs))).toEqual(new Set([sinceMs]));
    expect(events).toHaveLength(51);
  });

  it('that fifty lift at once is lifted by one', async () => {
    const { mfa, events } = setup({ on });
    await mfa.require({ scope: team, graceMs: 0, by: 'admin-1' });
    const all = await Promise.all(Array.from({ length: 50 }, () => mfa.lift({ scope: team, by: 'admin-2' })));
    expect(all.filter(Boolean)).toHaveLength(1);
    expect(events).toHaveLength(2);
  });

  it.each(deaths)('is whole or not there when a process dies while switching it on ($atCall, done: $done)', async (death) => {
    const clock = fakeClock();
    const records = emptyStore(on, clock);
    const whole = createMfaPolicy({ records, clock });
    const events: unknown[] = [];
    const attempt = createMfaPolicy({ records: dying(records, death), clock, emit: (event) => events.push(event) }).require({ scope: team, graceMs: day, by: 'admin-1' });
    const answered = await attempt.catch(() => undefined);
    expect(answered === undefined).toBe(death.atCall < 3);
    expect(events).toHaveLength(answered === undefined ? 0 : 1);
    const written = death.atCall > 2 || (death.atCall === 2 && death.done);
    expect(await whole.read(team)).toEqual(written ? { scope: team, sinceMs: clock.nowMs(), graceUntilMs: clock.nowMs() + day, by: 'admin-1' } : undefined);
    expect(await whole.require({ scope: team, graceMs: 0, by: 'admin-1' })).toMatchObject({ graceUntilMs: clock.nowMs() });
  });
});

describe('lifting a policy', () => {
  it('wins over a deadline that is moved at the same moment, and never says of one that stays that it was not on', async () => {
    const { mfa, records, clock } = setup();
    await mfa.require({ scope: team, graceMs: 0, by: 'admin-1' });
    let moved = 0;
    const slow: RecordStore = {
      ...records,
      async read(key) {
        const found = await records.read(key);
        // Between the reading and the writing, three times over, another administrator moves the deadline.
        if (moved < 3) await mfa.require({ scope: team, graceMs: (moved += 1) * day, by: 'admin-2' });
        return found;
      },
    };
    expect(await createMfaPolicy({ records: slow, clock }).lift({ scope: team, by: 'admin-1' })).toBe(true);
    expect(await mfa.read(team)).toBeUndefined();
  });

  it('gives up with ERR_BUSY where others never stop writing', async () => {
    const { mfa, records, clock, events } = setup();
    await mfa.require({ scope: team, graceMs: 0, by: 'admin-1' });
    const crowded: RecordStore = { ...records, compareAndSet: async () => false };
    await expect(createMfaPolicy({ records: crowded, clock }).lift({ scope: team, by: 'admin-1' })).rejects.toMatchObject({ code: 'ERR_BUSY', message: 'records: expected a turn to write, got 64 writes by others' });
    expect(events).toHaveLength(1);
  });

  it('clears a record that cannot be read as a policy', async () => {
    const { mfa, records } = setup();
    await records.compareAndSet({ key: teamKey, expectedVersion: 0, value: 'nonsense' });
    await expect(mfa.read(team)).rejects.toMatchObject({ code: 'ERR_STORE' });
    expect(await mfa.lift({ scope: team, by: 'admin-1' })).toBe(true);
    expect(await mfa.read(team)).toBeUndefined();
  });
});

// checklist 73; ASVS 5.0 8.4.1
describe('tenants', () => {
  const hostile = ['app', 'a', 'a:b', 'organization a', 'role a', 'organization', ' ', '  ', '__proto__', 'constructor', '\0', 'a\0', 'x'.repeat(5_000), 'x'.repeat(5_001), '\ud800', '\ud801', '\ufffd', '\u00e9', 'e\u0301', '\ufeff'];
  const id = fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), fc.constantFrom(...hostile));
  const scoped = fc.record({ kind: fc.constantFrom('organization' as const, 'role' as const), id });
  const memberOf = ({ kind, id: name }: { readonly kind: 'organization' | 'role'; readonly id: string }) => (kind === 'role' ? { roles: [name] } : { organizationIds: [name] });

  it('are never bound by the policy of another, whatever they are called', async () => {
    await fc.assert(fc.asyncProperty(scoped, scoped, async (one, other) => {
      fc.pre(one.kind !== other.kind || one.id !== other.id);
      const { mfa } = setup();
      await mfa.require({ scope: one, graceMs: 0, by: 'admin-1' });
      expect(await mfa.policiesFor(memberOf(other))).toEqual([]);
      expect(await mfa.policiesFor({})).toEqual([]);
      expect(await mfa.policiesFor(memberOf(one))).toMatchObject([{ scope: one }]);
      expect(await mfa.lift({ scope: other, by: 'admin-1' })).toBe(false);
      expect(await mfa.read(one)).toMatchObject({ scope: one });
    }), { numRuns: 300 });
  });

  it('each have a key of their own and of one length', () => {
    const names = ['app', ...hostile.flatMap((each) => [`organization ${each}`, `role ${each}`])];
    const keys = names.map((name) => accountRecordKey('mfa-policy', name));
    expect(new Set(keys).size).toBe(names.length);
    expect(new Set(keys.map((key) => key.length))).toEqual(new Set([teamKey.length]));
  });

  it('see a policy that another process has switched on, at once', async () => {
    const path = freshPath();
    const [one, other] = [openStore(path), openStore(path)].map((records) => createMfaPolicy({ records }));
    await one?.require({ scope: team, graceMs: 0, by: 'admin-1' });
    expect(await other?.policiesFor(inTeam)).toHaveLength(1);
    await other?.lift({ scope: team, by: 'admin-1' });
    expect(await one?.policiesFor(inTeam)).toEqual([]);
  });

  it('read all that binds them at the same time, each record once', async () => {
    const { records } = setup();
    const asked: string[] = [];
    const held: (() => void)[] = [];
    const slow: RecordStore = {
      ...records,
      read: (key) => new Promise((resolve) => {
        asked.push(key);
        held.push(() => { resolve(undefined); });
      }),
    };
    const found = createMfaPolicy({ records: slow }).policiesFor({ organizationIds: ['a', 'b', 'a'], roles: ['a', 'a'] });
    expect(asked).toHaveLength(4);
    for (const answer of held) answer();
    expect(await found).toEqual([]);
  });

  it.each([{ organizationIds: 'team-1' }, { organizationIds: null }, { roles: 'admin' }, { roles: null }, { roles: {} }])('are not read as nobody where the app hands in %j', async (member) => {
    await expect(setup().mfa.policiesFor(member as never)).rejects.toMatchObject({ code: 'ERR_CONFIG', message: `mfa: expected ${Object.keys(member)[0]} to be an array of ids` });
  });

  it.each([[[7]], [['']], [[null]], [[undefined]]])('are refused where an id is %j', async (organizationIds) => {
    await expect(setup().mfa.policiesFor({ organizationIds: organizationIds as never })).rejects.toMatchObject({ code: 'ERR_CONFIG', message: 'mfa: expected a scope { kind: "app" } or { kind: "organization" | "role", id }' });
  });

  it('cost one member 256 records and no more', async () => {
    const ids = Array.from({ length: 257 }, (_, at) => `id-${at}`);
    const { mfa } = setup();
    const refusal = { code: 'ERR_CONFIG', message: 'mfa: an account has more than 256 organizations and roles' };
    await expect(mfa.policiesFor({ roles: ids })).rejects.toMatchObject(refusal);
    await expect(mfa.policiesFor({ organizationIds: ids.slice(0, 129), roles: ids.slice(0, 128) })).rejects.toMatchObject(refusal);
    expect(await mfa.policiesFor({ roles: [...ids.slice(1), ...ids.slice(1)] })).toEqual([]);
  });
});

// checklist 91; ASVS 5.0 16.5.3
describe('a policy that cannot be read', () => {
  it.each<readonly [string, RecordStore['read'], object]>([
    ['fails', async () => Promise.reject(new Error('down')), { message: 'down' }],
    ['hands back no JSON', async () => Promise.resolve({ value: 'nonsense', version: 1 }), { code: 'ERR_STORE', message: 'records: expected JSON in a record of the kind "mfa-policy"' }],
    ...['{}', '[]', '{"sinceMs":"x","graceUntilMs":1}', '{"sinceMs":1,"graceUntilMs":null}', '{"sinceMs":1,"graceUntilMs":-1}', '{"sinceMs":1,"graceUntilMs":1e300}', '{"sinceMs":1,"graceUntilMs":1e999}'].map((value) =>
      [`hands back ${value}`, async () => Promise.resolve({ value, version: 1 }), { code: 'ERR_STORE', message: 'records: expected a policy in a record of the kind "mfa-policy"' }] satisfies [string, RecordStore['read'], object]),
  ])('is never taken for none when the store %s', async (_name, read, error) => {
    const records: RecordStore = { durable: true, read, compareAndSet: async () => Promise.resolve(true), watch: () => () => undefined };
    const { mfa, events } = setup({ records });
    await expect(mfa.policiesFor(inTeam)).rejects.toMatchObject(error);
    await expect(mfa.read(team)).rejects.toMatchObject(error);
    await expect(mfa.require({ scope: team, graceMs: 0, by: 'admin-1' })).rejects.toMatchObject(error);
    await expect(mfa.dueReminder({ accountId: 'ada', ...inTeam })).rejects.toMatchObject(error);
    expect(events).toEqual([]);
  });

  it('is not passed over where only one of several fails', async () => {
    const { mfa, records, clock } = setup();
    await mfa.require({ scope: { kind: 'app' }, graceMs: 0, by: 'admin-1' });
    const partly: RecordStore = { ...records, read: async (key) => (key === teamKey ? Promise.reject(new Error('down')) : records.read(key)) };
    await expect(createMfaPolicy({ records: partly, clock }).policiesFor(inTeam)).rejects.toThrow('down');
  });

  it('is not reported as switched on or off where the store fails or answers neither yes nor no', async () => {
    const { mfa, records, clock } = setup();
    await mfa.require({ scope: team, graceMs: 0, by: 'admin-1' });
    for (const answer of [async () => Promise.reject(new Error('down')), async () => Promise.resolve(1 as never)]) {
      const events: unknown[] = [];
      const broken = createMfaPolicy({ records: { ...records, compareAndSet: answer }, clock, emit: (event) => events.push(event) });
      await expect(broken.require({ scope: team, graceMs: 0, by: 'admin-1' })).rejects.toThrow();
      await expect(broken.lift({ scope: team, by: 'admin-1' })).rejects.toThrow();
      expect(events).toEqual([]);
    }
  });

  it('is of the scope that was asked for, whatever the record says', async () => {
    const { mfa, records } = setup();
    await records.compareAndSet({ key: teamKey, expectedVersion: 0, value: '{"scope":{"kind":"app"},"sinceMs":1,"graceUntilMs":2,"by":7}' });
    expect(await mfa.policiesFor(inTeam)).toEqual([{ scope: team, sinceMs: 1, graceUntilMs: 2, by: '' }]);
  });
});

describe('what an administrator asks for', () => {
  const graceMessage = 'mfa.require.graceMs: expected whole milliseconds from 0 to a year';
  const scopeMessage = 'mfa: expected a scope { kind: "app" } or { kind: "organization" | "role", id }';
  it.each([
    [{ scope: team, graceMs: -1, by: 'a' }, graceMessage],
    [{ scope: team, graceMs: 1.5, by: 'a' }, graceMessage],
    [{ scope: team, graceMs: 400 * day, by: 'a' }, graceMessage],
    [{ scope: team, graceMs: Infinity, by: 'a' }, graceMessage],
    [{ scope: team, by: 'a' }, graceMessage],
    [{ scope: team, graceMs: 0, by: '' }, 'mfa.require.by: expected the id of whoever switches it on'],
    [{ scope: team, graceMs: 0 }, 'mfa.require.by: expected the id of whoever switches it on'],
    [{ scope: { kind: 'team', id: 'x' }, graceMs: 0, by: 'a' }, scopeMessage],
    [{ scope: { kind: 'role', id: '' }, graceMs: 0, by: 'a' }, scopeMessage],
    [{ scope: { kind: 'role' }, graceMs: 0, by: 'a' }, scopeMessage],
    [{ scope: null, graceMs: 0, by: 'a' }, scopeMessage],
    [{ graceMs: 0, by: 'a' }, scopeMessage],
  ])('is refused where it is no policy: %#', async (wanted, message) => {
    const { mfa, events } = setup();
    await expect(mfa.require(wanted as never)).rejects.toMatchObject({ code: 'ERR_CONFIG', message });
    expect(events).toEqual([]);
  });

  it('is refused where nobody asks for the lifting, or of nothing', async () => {
    await expect(setup().mfa.lift({ scope: team, by: '' })).rejects.toMatchObject({ code: 'ERR_CONFIG', message: 'mfa.lift.by: expected the id of whoever switches it off' });
    await expect(setup().mfa.lift({ scope: null as never, by: 'a' })).rejects.toMatchObject({ code: 'ERR_CONFIG', message: scopeMessage });
    await expect(setup().mfa.read({ kind: 'team' } as never)).rejects.toMatchObject({ code: 'ERR_CONFIG', message: scopeMessage });
  });

  it('is done also where the listener of events throws', async () => {
    const { mfa } = setup({ emit: () => { throw new Error('listener'); } });
    expect(await mfa.require({ scope: team, graceMs: 366 * day, by: 'admin-1' })).toBeDefined();
    expect(await mfa.lift({ scope: team, by: 'admin-1' })).toBe(true);
  });

  it.each([
    [undefined, 'mfa.records: expected an object with read(), compareAndSet(), watch(), got nothing'],
    [{}, 'mfa.records: expected an object with read(), compareAndSet(), watch(), got nothing'],
    [{ records: setup().records, grace: 1 }, 'mfa.grace: unknown option; known: records, remindDaysBefore, clock, emit'],
  ])('needs a place to live: %#', (options, message) => {
    expect(() => createMfaPolicy(options as never)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }) as Error);
  });
});
