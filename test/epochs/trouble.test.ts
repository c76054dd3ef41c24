import { describe, expect, it } from 'vitest';
import type { RecordStore } from '../../src/ports/record-store.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { gated } from './gated.ts';
import { accountId, by, keyOf, said, setup, stores } from './setup.ts';

/** What a broken store may answer to a read. */
const lies: readonly (readonly [string, unknown])[] = [
  ['no JSON', { value: '{"epoch":', version: 1 }],
  ['nothing', { value: '', version: 1 }],
  ['JSON null', { value: 'null', version: 1 }],
  ['a bare number', { value: '1767225600000', version: 1 }],
  ['a list', { value: '[1767225600000]', version: 1 }],
  ['an empty object', { value: '{}', version: 1 }],
  ['an epoch that is text', { value: '{"epoch":"1767225600000","birth":1}', version: 1 }],
  ['an epoch of 0', { value: '{"epoch":0,"birth":0}', version: 1 }],
  ['a negative epoch', { value: '{"epoch":-5,"birth":1}', version: 1 }],
  ['an epoch beyond all dates', { value: '{"epoch":9e15,"birth":1}', version: 1 }],
  ['an epoch from before its birth', { value: '{"epoch":5,"birth":6}', version: 1 }],
  ['everyone without a birth', { value: '{"epoch":1767225600000}', version: 1 }],
  ['an epoch in the prototype', { value: '{"__proto__":{"epoch":1767225600000,"birth":1}}', version: 1 }],
  ['a value that is an object', { value: { epoch: 1_767_225_600_000, birth: 1 }, version: 1 }],
  ['a value that is missing', { version: 1 }],
  ['a count of rows', 1],
  ['true', true],
  ['text', '{"epoch":1767225600000,"birth":1}'],
  ['ten megabytes', { value: `{"epoch":1,"birth":${'1'.repeat(10_000_000)}}`, version: 1 }],
];

function lying(answer: unknown): { readonly store: RecordStore; readonly lie: (scope: string) => void } {
  const inner = memoryStore();
  let about: string | undefined;
  return {
    store: {
      durable: true,
      read: async (key) => (key === about ? (answer as Awaited<ReturnType<RecordStore['read']>>) : inner.read(key)),
      compareAndSet: (change) => inner.compareAndSet(change),
      watch: () => () => undefined,
    },
    lie(scope) {
      about = keyOf(scope);
    },
  };
}

describe('a store that lies', () => {
  // ASVS 5.0 16.5.3
  it.each(lies)('about everyone, with %s, is a broken one: nobody is let in', async (_, answer) => {
    const { store, lie } = lying(answer);
    const self = setup({ store, adoptUnmarkedUntil: new Date(Date.UTC(2030, 0)) });
    const given = await self.mark();
    lie('everyone');
    await self.clock.advance(1_000);
    const asked = [self.check(given), self.check(undefined, { startedAtMs: 1 }), self.mark(), self.epochs.revokeEveryone({ by }), self.epochs.revokeOthers({ accountId }), self.epochs.newest()];
    for (const each of await Promise.allSettled(asked)) expect(each).toMatchObject({ status: 'rejected', reason: { code: 'ERR_STORE' } });
    expect(self.events).toEqual([]);
  });

  it.each(lies.filter(([name]) => name !== 'everyone without a birth'))('about an account, with %s, is a broken one for that account alone', async (_, answer) => {
    const { store, lie } = lying(answer);
    const self = setup({ store });
    const given = await self.mark();
    lie(`user ${accountId}`);
    await self.clock.advance(1_000);
    for (const each of await Promise.allSettled([self.check(given), self.mark(), self.epochs.revokeUser({ accountId })])) expect(each).toMatchObject({ status: 'rejected', reason: { code: 'ERR_STORE' } });
    expect(await said(self.check(given, { accountId: 'user-2' }))).toBe('live');
    expect(self.events).toEqual([]);
  });

  it('tells no value in its error', async () => {
    const { store, lie } = lying({ value: 'secret-of-somebody', version: 1 });
    const self = setup({ store });
    lie('everyone');
    await expect(self.mark()).rejects.toSatisfy((error: Error) => !error.message.includes('secret-of-somebody') && !error.message.includes(keyOf('everyone')));
  });

  it.each([1, 0, 'true', undefined, null, { changes: 1 }])('about a write, with %j, has raised nothing', async (answer) => {
    const inner = memoryStore();
    const store: RecordStore = { durable: true, read: (key) => inner.read(key), compareAndSet: async () => answer as unknown as boolean, watch: () => () => undefined };
    const self = setup({ store });
    const orders = [self.epochs.revokeEveryone({ by }), self.epochs.revokeOrganization({ id: 'team-1', by }), self.epochs.revokeUser({ accountId }), self.epochs.revokeOthers({ accountId }), self.mark()];
    for (const each of await Promise.allSettled(orders)) expect(each).toMatchObject({ status: 'rejected', reason: { code: 'ERR_STORE' } });
    expect(self.events).toEqual([]);
  });

  it('that throws and does not reject, or rejects with what is no error, is told as ERR_STORE', async () => {
    for (const reason of [new Error('no'), 'no', undefined]) {
      const read = (): never => {
        throw reason as Error;
      };
      const self = setup({ store: { durable: true, read, compareAndSet: read, watch: read } });
      await expect(self.mark()).rejects.toMatchObject({ code: 'ERR_STORE', cause: reason });
      await expect(self.epochs.revokeEveryone({ by })).rejects.toMatchObject({ code: 'ERR_STORE', cause: reason });
    }
  });

  it('that says null for none is believed', async () => {
    const self = setup();
    const inner = memoryStore();
    const store: RecordStore = { ...self.records, read: async (key) => (await inner.read(key)) ?? (null as unknown as undefined), compareAndSet: (change) => inner.compareAndSet(change) };
    const other = setup({ store });
    expect(await said(other.check(await other.mark('team-1')))).toBe('live');
  });
});

describe('a listener', () => {
  it('that throws or rejects ends no revocation', async () => {
    const emit: readonly (() => never)[] = [
      () => {
        throw new Error('full disk');
      },
      () => Promise.reject(new Error('full disk')) as never,
    ];
    for (const each of emit) {
      const self = setup({ emit: each });
      const given = await self.mark();
      await self.epochs.revokeUser({ accountId });
      expect(await said(self.check(given))).toBe('user');
    }
  });
});

describe.each(stores)('many at once, on %s,', (on) => {
  // ASVS 5.0 15.4.2
  it('that revoke: each returns with every mark from before it ended, and new sessions live', async () => {
    const self = setup({ on });
    const processes = [self, self.another(), self.another()];
    const before = await self.mark('team-1');
    await Promise.all(Array.from({ length: 50 }, async (_, at) => {
      const { epochs, check } = processes[at % 3] as typeof self;
      const mine = await self.mark('team-1');
      await epochs.revokeEveryone({ by });
      expect(await said(check(mine))).toBe('everyone');
    }));
    const fresh = await self.mark('team-1');
    await self.clock.advance(1_000);
    for (const { check } of processes) {
      expect(await said(check(before))).toBe('everyone');
      expect(await said(check(fresh))).toBe('live');
    }
    expect(processes.flatMap(({ events }) => events)).toHaveLength(50);
  });

  it('that revoke a thousand times need few rounds', async () => {
    const self = setup({ on });
    await self.mark();
    self.reads.length = 0;
    await Promise.all(Array.from({ length: 1_000 }, () => self.epochs.revokeUser({ accountId })));
    expect(self.reads.length).toBeLessThanOrEqual(2_000);
  });

  it('that end each other: the one that was last goes on', async () => {
    const self = setup({ on });
    const old = await self.mark();
    const kept = await Promise.all(Array.from({ length: 20 }, () => self.epochs.revokeOthers({ accountId })));
    const answers = await Promise.all(kept.map((mark) => said(self.check(mark))));
    expect(answers.filter((answer) => answer === 'live')).toHaveLength(1);
    expect(await said(self.check(old))).toBe('user');
  });

  it('that sign in first of all get one birth between them', async () => {
    const self = setup({ on });
    const processes = [self, self.another(), self.another()];
    const marks = await Promise.all(Array.from({ length: 50 }, (_, at) => (processes[at % 3] as typeof self).mark()));
    expect(new Set(marks.map(({ everyone }) => everyone)).size).toBe(1);
    for (const { check } of processes) for (const given of marks) expect(await said(check(given))).toBe('live');
  });
});

describe('a session that goes on', () => {
  // ASVS 5.0 7.4.3
  it('with its old mark gets a new one that is worth as much', async () => {
    const self = setup();
    const mine = await self.mark('team-1');
    const kept = await self.epochs.revokeOthers({ accountId, organizationIds: ['team-1'], mark: structuredClone(mine) });
    expect(await said(self.check(mine))).toBe('user');
    expect(await said(self.check(kept))).toBe('live');
  });

  it.each(['everyone', 'organization', 'user'] as const)('does not when %s was revoked a moment ago, in another process', async (scope) => {
    // Without a watch, which would tell at once.
    const self = setup({ store: gated(memoryStore()).store });
    const other = self.another();
    const thiefs = await self.mark('team-1');
    expect(await said(self.check(thiefs))).toBe('live');
    if (scope === 'everyone') await other.epochs.revokeEveryone({ by });
    else if (scope === 'organization') await other.epochs.revokeOrganization({ id: 'team-1', by });
    else await other.epochs.revokeUser({ accountId, by });
    // This process does not know yet, and lets the session ask.
    expect(await said(self.check(thiefs))).toBe('live');
    const kept = await self.epochs.revokeOthers({ accountId, organizationIds: ['team-1'], mark: thiefs });
    await self.clock.advance(1_000);
    expect(await said(self.check(kept))).toBe(scope);
    expect(await said(self.check(thiefs))).toBe(scope);
  });

  it('needs a mark that is one', async () => {
    const self = setup();
    for (const mark of ['x', {}, 5]) await expect(self.epochs.revokeOthers({ accountId, mark })).rejects.toMatchObject({ code: 'ERR_CONFIG' });
    expect(self.events).toEqual([]);
  });
});

describe('the newest epoch', () => {
  it('is 0 before any, whoever signs in, and then the time of the last raise of everybody or one of the organizations', async () => {
    const self = setup();
    expect(await self.epochs.newest(['team-1'])).toBe(0);
    await self.mark('team-1');
    expect(await self.epochs.newest(['team-1'])).toBe(0);
    const teamMs = self.clock.nowMs();
    await self.epochs.revokeOrganization({ id: 'team-1', by });
    await self.epochs.revokeUser({ accountId });
    expect(await self.epochs.newest(['team-2', 'team-1'])).toBe(teamMs);
    expect(await self.epochs.newest(['team-2'])).toBe(0);
    expect(await self.epochs.newest()).toBe(0);
    await self.clock.advance(50);
    await self.epochs.revokeEveryone({ by });
    for (const ids of [undefined, [], ['team-1', 'team-2']]) expect(await self.epochs.newest(ids)).toBe(teamMs + 50);
  });

  it('does not go back in a process when the store has lost it', async () => {
    const self = setup();
    await self.mark();
    await self.epochs.revokeEveryone({ by });
    const raisedMs = self.clock.nowMs();
    await self.lose();
    await self.clock.advance(1_000);
    expect(await self.epochs.newest()).toBe(raisedMs);
    await self.another().mark();
    await self.clock.advance(1_000);
    expect(await self.epochs.newest()).toBe(raisedMs);
  });
});
