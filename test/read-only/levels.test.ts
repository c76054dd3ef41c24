import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { ReadOnlyLabel, ReadOnlyLevel } from 'portcullis/read-only';
import { order, person, setup } from './setup.ts';

const safe = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];
const unsafe = ['POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'PROPFIND', 'UPGRADE', 'get', 'Get', ' GET', 'GET ', '', 'QUERY'];

/** What passes, by level: safe and unsafe methods of a route without a label, and of a sensitive one. */
const expected: Readonly<Record<ReadOnlyLevel, readonly [boolean, boolean, boolean]>> = {
  off: [true, true, true],
  sensitive: [true, true, false],
  writes: [true, false, false],
  all: [false, false, false],
};

// checklist 30; RFC 9110 9.2.1
describe.each(Object.entries(expected) as [ReadOnlyLevel, readonly boolean[]][])('the level %s', (level, [reads, writes, sensitive]) => {
  async function passes(method: string, label?: ReadOnlyLabel): Promise<boolean> {
    const { mode } = await setup();
    if (level !== 'off') await mode.set({ ...order, level });
    return mode.check({ method, label, ...person }).allowed;
  }

  it.each(safe)(`lets ${String(reads)} of %s`, async (method) => {
    expect(await passes(method)).toBe(reads);
  });

  it.each(unsafe)(`lets ${String(writes)} of "%s"`, async (method) => {
    expect(await passes(method)).toBe(writes);
  });

  it('refuses what is sensitive whatever the method, and never what is exempt', async () => {
    expect([await passes('GET', 'sensitive'), await passes('POST', 'sensitive')]).toEqual([sensitive, sensitive]);
    expect([await passes('GET', 'exempt'), await passes('DELETE', 'exempt')]).toEqual([true, true]);
  });

  it('takes a label that there is not for a sensitive one', async () => {
    expect(await passes('GET', 'Exempt' as never)).toBe(sensitive);
    expect(await passes('GET', null as never)).toBe(sensitive);
  });

  it('is what assertWritable goes by', async () => {
    const { mode } = await setup();
    if (level !== 'off') await mode.set({ ...order, level });
    const writing = (isSensitive: boolean) => (): void => {
      mode.assertWritable({ name: 'import', sensitive: isSensitive, ...person });
    };
    const refused = { code: 'ERR_READ_ONLY', status: 503, retryAfterMs: 60_000, level, reason: 'spam is being sent', message: 'read-only: "import" was refused' };
    if (writes === true) expect(writing(false)).not.toThrow();
    else expect(writing(false)).toThrow(expect.objectContaining(refused) as Error);
    if (sensitive === true) expect(writing(true)).not.toThrow();
    else expect(writing(true)).toThrow(expect.objectContaining(refused) as Error);
  });
});

describe('scopes', () => {
  it('bind everyone, the members of an organization, or one user', async () => {
    const { mode } = await setup();
    await mode.set({ ...order, scope: { kind: 'organization', id: 'team-2' } });
    await mode.set({ ...order, scope: { kind: 'user', id: 'user-9' } });
    const post = (subject: object): boolean => mode.check({ method: 'POST', ...subject }).allowed;
    expect([post({}), post(person), post({ organizationIds: ['team-1'] }), post({ accountId: 'user-9' }), post({ accountId: 'team-2', organizationIds: ['user-9'] })]).toEqual([true, false, true, false, true]);
    await mode.set(order);
    expect([post({}), post(person)]).toEqual([false, false]);
  });

  it('count by the strictest that binds', async () => {
    const { mode } = await setup();
    await mode.set({ ...order, level: 'sensitive' });
    await mode.set({ ...order, level: 'all', reason: 'the team', scope: { kind: 'organization', id: 'team-1' } });
    await mode.set({ ...order, level: 'writes', scope: { kind: 'user', id: 'user-1' } });
    expect(mode.standing(person)).toMatchObject({ level: 'all', switch: { reason: 'the team' } });
    expect(mode.standing({ accountId: 'user-1' })).toMatchObject({ level: 'writes' });
    expect(mode.standing()).toMatchObject({ level: 'sensitive', switch: { scope: { kind: 'everyone' } } });
    expect(mode.check({ method: 'GET', ...person })).toMatchObject({ allowed: false, level: 'all' });
  });

  // checklist 73; ASVS 8.4.1
  it('of one never bind another, whatever the ids', async () => {
    const { mode } = await setup();
    const id = fc.oneof(fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }), fc.constantFrom('everyone', 'organization a', 'user a', '__proto__', 'a', 'a ', ' a', 'A'));
    await fc.assert(
      fc.asyncProperty(id, id, fc.constantFrom('organization', 'user'), async (one, other, kind) => {
        await mode.set({ ...order, scope: { kind, id: one } });
        const bound = (subject: object): boolean => !mode.check({ method: 'POST', ...subject }).allowed;
        expect(bound(kind === 'user' ? { accountId: one } : { organizationIds: [one] })).toBe(true);
        expect(bound(kind === 'user' ? { accountId: other } : { organizationIds: [other] })).toBe(one === other);
        expect(bound(kind === 'user' ? { organizationIds: [one] } : { accountId: one })).toBe(false);
        expect(bound({})).toBe(false);
        expect(await mode.lift({ scope: { kind, id: one }, by: 'x' })).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ['a number for an account', { accountId: 5 }],
    ['null for an account', { accountId: null }],
    ['one bare id for the organizations', { organizationIds: 'team-1' }],
    ['null for the organizations', { organizationIds: null }],
    ['a number among the organizations', { organizationIds: ['team-1', 5] }],
    ['more organizations than can be looked up', { organizationIds: Array.from({ length: 1_001 }, String) }],
  ])('are never asked with %s, also while nothing is switched on', async (_what, subject) => {
    const { mode } = await setup();
    expect(() => mode.check({ method: 'GET', ...subject } as never)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }) as Error);
    expect(() => mode.standing(subject as never)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }) as Error);
  });
});

describe('operators', () => {
  it('pass what is refused to others, and each use is told with its count, once a minute', async () => {
    const { mode, events, clock } = await setup({ operators: ['user-1'] });
    expect(mode.check({ method: 'POST', ...person })).toEqual({ allowed: true });
    await mode.set({ ...order, level: 'all' });
    events.length = 0;
    for (let turn = 0; turn < 1_000; turn += 1) expect(mode.check({ method: 'POST', ...person })).toEqual({ allowed: true, breakGlass: true });
    expect(() => {
      mode.assertWritable({ name: 'repair', accountId: 'user-1', sensitive: true });
    }).not.toThrow();
    expect(mode.check({ method: 'POST', accountId: 'user-2' }).allowed).toBe(false);
    const told = (): readonly unknown[] => events.filter(({ type }) => type === 'read-only.break-glass');
    expect(told()).toEqual([
      { type: 'read-only.break-glass', accountId: 'user-1', level: 'all', what: 'POST', count: 1 },
      { type: 'read-only.break-glass', accountId: 'user-1', level: 'all', what: 'operation repair', count: 1 },
    ]);
    await clock.advance(60_000);
    expect(told()[2]).toEqual({ type: 'read-only.break-glass', accountId: 'user-1', level: 'all', what: 'POST', count: 999 });
    await clock.advance(600_000);
    expect(told()).toHaveLength(3);
  });
});

// checklist 90; ASVS 16.3.2
describe('refusals', () => {
  it('are told at once, then once a second with their count, for each scope', async () => {
    const { mode, events, clock } = await setup();
    await mode.set(order);
    await mode.set({ ...order, level: 'all', scope: { kind: 'organization', id: 'team-1' } });
    events.length = 0;
    for (let turn = 0; turn < 5_000; turn += 1) mode.check({ method: 'POST', accountId: `user-${turn}` });
    mode.check({ method: 'GET', label: 'sensitive', organizationIds: ['team-1'] });
    const refused = { type: 'read-only.refused', level: 'writes', scope: 'everyone', what: 'POST' };
    expect(events).toEqual([{ ...refused, accountId: 'user-0', count: 1 }, { type: 'read-only.refused', level: 'all', scope: 'organization team-1', what: 'sensitive GET', count: 1 }]);
    await clock.advance(1_000);
    expect(events.slice(2)).toEqual([{ ...refused, accountId: 'user-4999', count: 4_999 }]);
    await clock.advance(10_000);
    expect(events).toHaveLength(3);
  });

  it('tell a method that is none as one bounded line', async () => {
    const { mode, events } = await setup();
    await mode.set(order);
    events.length = 0;
    mode.check({ method: `POST\n\u202e${'x'.repeat(10_000_000)}` });
    mode.check({ method: 5 as never });
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ what: `POST${'x'.repeat(116)}` });
  });

  it('say when to ask again: at the planned end, at least in a second and at most in an hour', async () => {
    const { mode, clock } = await setup();
    const retryAfterMs = (): number | undefined => {
      const verdict = mode.check({ method: 'POST' });
      return verdict.allowed ? undefined : verdict.retryAfterMs;
    };
    await mode.set(order);
    expect(retryAfterMs()).toBe(60_000);
    await mode.set({ ...order, forMs: 86_400_000 });
    expect(retryAfterMs()).toBe(3_600_000);
    await mode.set({ ...order, forMs: 90_000 });
    expect(retryAfterMs()).toBe(90_000);
    await clock.advance(89_500);
    expect(retryAfterMs()).toBe(1_000);
    await clock.advance(500);
    expect(retryAfterMs()).toBeUndefined();
  });
});
