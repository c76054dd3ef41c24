import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordStore } from 'portcullis';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import type { IncidentOptions } from '../../src/flows/incident/parts.ts';
import type { ContainPlan } from '../../src/flows/incident/plan.ts';
import { attack, attacker, processOf, world, type World } from './incident-setup.ts';

function stepsOf(at: World): readonly string[] {
  return at.events.flatMap((event) => (event.type === 'incident.step' ? [`${event.step} ${event.outcome}`] : []));
}

async function settled<T>(at: World, work: Promise<T>): Promise<T> {
  const state = { done: false };
  const mine = work.finally(() => {
    state.done = true;
  });
  mine.catch(() => undefined);
  for (let turn = 0; turn < 2_000 && !state.done; turn += 1) await at.clock.advance(5_000);
  return mine;
}

describe('a step that fails', () => {
  const broken = async (): Promise<never> => Promise.reject(new Error('the disk is full'));

  it.each<[string, string, (real: ReturnType<typeof processOf>) => Partial<IncidentOptions>]>([
    ['read-only', 'set', ({ readOnly }) => ({ readOnly: { ...readOnly, set: broken } })],
    ['sessions', 'revokeEveryone', ({ epochs }) => ({ epochs: { ...epochs, revokeEveryone: broken } })],
    ['find', 'signIns', () => ({ signIns: () => ({ [Symbol.asyncIterator]: () => ({ next: broken }) }) })],
    ['resets', 'markAll', ({ resets }) => ({ resets: { ...resets, markAll: broken } })],
    ['second-factor', 'require', ({ mfa }) => ({ mfa: { ...mfa, require: broken } })],
    ['tell-affected', 'findById', () => ({ accounts: { findById: broken } })],
    ['tell-others', 'pages', () => ({ pages: broken })],
  ])('keeps no other from being done: %s (%s); the next call does what is left', async (step, _verb, parts) => {
    const at = world();
    const plan = attack(at);
    const report = await processOf(at, parts(processOf(at))).incident.contain(plan);
    expect(report.complete).toBe(false);
    // Nobody is told that they are not affected while nobody knows who is.
    const failing = step === 'find' ? ['find', 'tell-others'] : [step];
    expect(report.steps.filter(({ state }) => state === 'failed').map((each) => each.step)).toEqual([step]);
    expect(report.steps.filter(({ state }) => state === 'done').map((each) => each.step)).toEqual(['read-only', 'sessions', 'find', 'resets', 'second-factor', 'tell-affected', 'tell-others'].filter((each) => !failing.includes(each)));
    expect(report.steps.find((each) => each.step === step)?.error).toBe('Error');
    // What a driver says may hold anything: it goes to the app's error tracker alone.
    expect(JSON.stringify([report, at.events])).not.toContain('disk');
    expect(at.errors).toEqual([new Error('the disk is full')]);
    at.events.length = 0;
    expect(await processOf(at).incident.contain(plan)).toMatchObject({ complete: true, affected: { total: 3 }, resets: { marked: 3 }, notices: { affected: { told: 3 }, everyoneElse: { told: 7 } } });
    expect(new Set(stepsOf(at))).toEqual(new Set(step === 'find' ? ['find done', 'resets done', 'tell-affected done', 'tell-others done'] : [`${step} done`]));
    expect(at.mails).toHaveLength(10);
  });

  it('is also one that never answers', async () => {
    const at = world();
    const { readOnly, epochs } = processOf(at);
    const never = async (): Promise<never> => new Promise(() => undefined);
    const { incident } = processOf(at, { readOnly: { ...readOnly, set: never }, epochs: { ...epochs, newest: never } });
    const report = await settled(at, incident.contain(attack(at)));
    expect(report.steps.filter(({ state }) => state === 'failed')).toMatchObject([{ step: 'read-only', error: 'StoreError ERR_STORE' }, { step: 'sessions', error: 'StoreError ERR_STORE' }]);
    expect(report).toMatchObject({ complete: false, resets: { marked: 3 } });
  });

  it('of telling leaves out nobody but those whom the mailer refuses, who are asked again by the next call', async () => {
    const at = world();
    const plan = attack(at);
    const refused = new Set(['a1@example.com', 'a5@example.com']);
    const mailer: IncidentOptions['mailer'] = { send: async (mail) => (refused.has(mail.to) ? Promise.reject(new Error('mailbox full')) : void at.mails.push(mail)) };
    const { incident } = processOf(at, { mailer });
    expect(await incident.contain(plan)).toMatchObject({ complete: true, notices: { affected: { told: 2, failed: 1 }, everyoneElse: { told: 6, failed: 1 } } });
    refused.clear();
    expect(await incident.contain(plan)).toMatchObject({ complete: true, notices: { affected: { told: 3, failed: 0 }, everyoneElse: { told: 7, failed: 0 } } });
    expect(new Set(at.mails.map(({ to }) => to)).size).toBe(at.mails.length);
    expect(at.mails).toHaveLength(10);
  });

  it('stops telling when the mailer is down, and does not count a mail that may have gone as sent', async () => {
    const at = world({ count: 100 });
    const plan = attack(at);
    const down = processOf(at, { mailer: { send: async () => Promise.reject(new Error('connection refused')) } });
    const report = await down.incident.contain(plan);
    expect(report.steps.find(({ step }) => step === 'tell-others')).toMatchObject({ state: 'failed' });
    expect(await processOf(at).incident.contain(plan)).toMatchObject({ complete: true, notices: { affected: { told: 3 }, everyoneElse: { told: 97 } } });
    expect(at.mails).toHaveLength(100);
    const silent = world({ count: 4 });
    const { incident } = processOf(silent, { mailer: { send: async () => new Promise(() => undefined) } });
    expect(await settled(silent, incident.contain(attack(silent)))).toMatchObject({ complete: true, notices: { affected: { maybe: 3 }, everyoneElse: { maybe: 1 } } });
  });

  it('of telling is no reason to send twice: a record that nobody understands is one of whom nobody knows', async () => {
    const at = world({ count: 4 });
    const plan = attack(at);
    await at.store.compareAndSet({ key: accountRecordKey('incident-told', 'october a3'), expectedVersion: 0, value: '{"everyone":7}' });
    expect(await processOf(at).incident.contain(plan)).toMatchObject({ complete: true, notices: { affected: { told: 3 }, everyoneElse: { told: 0, maybe: 1 } } });
    expect(at.mails).toHaveLength(3);
  });

  it('is not an exposure source whose key is refused, for those who are to be told', async () => {
    const at = world();
    const plan = attack(at, { affected: { accountIds: ['a0'], exposed: true } });
    const exposure = { name: 'leaks', check: async () => ({ verdict: 'unknown' as const, reason: 'key-refused' }) };
    const report = await processOf(at, { exposure }).incident.contain(plan);
    expect(report).toMatchObject({ complete: false, resets: { marked: 1 }, notices: { affected: { told: 1 }, everyoneElse: { told: 9 } } });
    const found = { name: 'leaks', check: async ({ email }: { readonly email: string }) => (email.startsWith('a4') ? { verdict: 'exposed' as const, breaches: [] } : { verdict: 'clean' as const }) };
    expect(await processOf(at, { exposure: found }).incident.contain(plan)).toMatchObject({ complete: true, affected: { total: 2 }, resets: { marked: 2 }, notices: { affected: { told: 2 } } });
    expect(at.mails.filter(({ to }) => to === 'a4@example.com').map(({ kind }) => kind)).toEqual(['incident-notice', 'incident-affected']);
  });
});

describe('what the app hands in', () => {
  it.each<[string, Partial<IncidentOptions>]>([
    ['sign-ins without an account', { signIns: async function* () { yield await Promise.resolve({ accountId: undefined as unknown as string }); } }],
    ['accounts without an id', { pages: async () => ({ accounts: [{ email: 'x' }] as never, next: undefined }) }],
    ['no page', { pages: async () => null as never }],
    ['a cursor that comes back', { pages: async (cursor) => ({ accounts: [], next: cursor === 'b' ? 'a' : 'b' }) }],
    ['a cursor of 10 MB', { pages: async () => ({ accounts: [], next: 'x'.repeat(10_000_000) }) }],
  ])('is refused if it is %s: the step fails, and nothing hangs', async (_what, parts) => {
    const at = world();
    const report = await processOf(at, parts).incident.contain(attack(at));
    expect(report).toMatchObject({ complete: false });
    expect(report.steps.filter(({ state }) => state === 'failed')).toMatchObject([{ error: 'StoreError ERR_STORE' }]);
  });

  it.each<[string, Partial<RecordStore>]>([
    ['answers a count', { compareAndSet: async () => 1 as unknown as boolean }],
    ['holds what was never written', { read: async () => ({ value: '{"id":"october"}', version: 1 }) }],
    ['holds no JSON', { read: async () => ({ value: '\u0000', version: 1 }) }],
  ])('as a store that %s makes it reject, before anything is done', async (_what, lies) => {
    const at = world();
    const records: RecordStore = { durable: true, read: (key) => at.store.read(key), compareAndSet: (change) => at.store.compareAndSet(change), watch: () => () => undefined, ...lies };
    const { readOnly, epochs, resets, mfa } = processOf(at);
    const { incident } = processOf(at, { records, readOnly, epochs, resets, mfa });
    await expect(incident.contain(attack(at))).rejects.toMatchObject({ code: 'ERR_STORE' });
    expect(await readOnly.status()).toEqual([]);
    expect(at.mails).toEqual([]);
  });

  it('may end it: it rejects with the reason of the signal, and the same call goes on', async () => {
    for (const when of ['read-only', 'find', 'resets', 'tell-affected', 'tell-others']) {
      const at = world();
      const plan = attack(at);
      const stop = new AbortController();
      const onProgress: ContainPlan['onProgress'] = ({ step, state }) => {
        if (step === when && state === 'begun') stop.abort(new Error('enough'));
      };
      await expect(processOf(at).incident.contain({ ...plan, signal: stop.signal, onProgress })).rejects.toThrow('enough');
      expect(await processOf(at).incident.contain(plan), when).toMatchObject({ complete: true, resets: { marked: 3 }, notices: { affected: { told: 3 }, everyoneElse: { told: 7 } } });
      expect(at.mails, when).toHaveLength(10);
    }
  });

  it('to be told of progress may throw', async () => {
    const at = world();
    const onProgress = (): never => {
      throw new Error('no');
    };
    expect(await processOf(at).incident.contain({ ...attack(at), onProgress })).toMatchObject({ complete: true });
  });
});

describe('many calls at once', () => {
  it('of one plan do everything, and mail nobody twice', async () => {
    const at = world({ count: 30 });
    const plan = attack(at);
    const reports = await Promise.all(Array.from({ length: 10 }, () => processOf(at, { takeOverAfterMs: 0 }).incident.contain(plan)));
    for (const report of reports) expect(report).toMatchObject({ complete: true, affected: { total: 3 }, resets: { marked: 3, already: 0 } });
    expect(new Set(at.mails.map(({ to }) => to)).size).toBe(30);
    expect(at.mails).toHaveLength(30);
    expect(at.events.filter(({ type }) => type === 'incident.contained')).toHaveLength(1);
  });

  it('leave each step to the one that was at it first', async () => {
    const at = world();
    const plan = attack(at);
    const reports = await Promise.all(Array.from({ length: 10 }, () => processOf(at, { takeOverAfterMs: 10_000 }).incident.contain(plan)));
    for (const report of reports) expect(report).toMatchObject({ complete: true, affected: { total: 3 }, resets: { marked: 3, already: 0, failed: 0 } });
    const events = at.events.map(({ type }) => type);
    for (const once of ['read-only.changed', 'session.epoch-raised', 'mfa.policy-changed', 'incident.contained']) expect(events.filter((type) => type === once), once).toHaveLength(1);
    expect(at.mails).toHaveLength(10);
  });
});

describe('a plan', () => {
  const plan = { id: 'october', by: 'operator-1', reason: 'An attack', affected: {} };
  const long = 'x'.repeat(10_000_000);

  it.each<[string, unknown]>([
    ['id', { ...plan, id: long }], ['id', { ...plan, id: '' }], ['id', { ...plan, id: 'a b' }], ['id', { ...plan, id: undefined }],
    ['by', { ...plan, by: long }], ['by', { ...plan, by: '\u202e' }], ['by', { ...plan, by: undefined }],
    ['reason', { ...plan, reason: long }], ['reason', { ...plan, reason: 7 }],
    ['dryRun', { ...plan, dryRun: 'no' }],
    ['readOnly', { ...plan, readOnly: true }], ['readOnly.level', { ...plan, readOnly: { level: 'off' } }], ['readOnly.forMs', { ...plan, readOnly: { level: 'all', forMs: 1 } }],
    ['sessions', { ...plan, sessions: 'nobody' }], ['sessions', { ...plan, sessions: null }], ['sessions.organizations', { ...plan, sessions: { organizations: [] } }], ['sessions.organizations[0]', { ...plan, sessions: { organizations: [long] } }],
    ['sessions', { ...plan, sessions: 'affected' }],
    ['affected', { ...plan, affected: null }],
    ['affected.sources', { ...plan, affected: { sources: 'all' } }], ['affected.sources[0]', { ...plan, affected: { sources: ['300.1.1.1'] } }], ['affected.sources[0]', { ...plan, affected: { sources: ['192.0.2.0/33'] } }],
    ['affected.sources', { ...plan, affected: { sources: Array.from({ length: 1_001 }, () => attacker) } }],
    ['affected.fromMs', { ...plan, affected: { fromMs: '2019' } }], ['affected.untilMs', { ...plan, affected: { fromMs: 2, untilMs: 1 } }],
    ['affected.accountIds', { ...plan, affected: { accountIds: long } }], ['affected.accountIds[1]', { ...plan, affected: { accountIds: ['a', 7] } }], ['affected.accountIds', { ...plan, affected: { accountIds: new Array<string>(100_001).fill('a') } }],
    ['affected.breached', { ...plan, affected: { breached: 1 } }], ['affected.exposed', { ...plan, affected: { exposed: true } }],
    ['affected.passwordsSetBeforeMs', { ...plan, reset: false, affected: { passwordsSetBeforeMs: 1 } }],
    ['affected.source', { ...plan, affected: { source: [attacker] } }],
    ['reset', { ...plan, reset: 'old' }], ['secondFactor.scope', { ...plan, secondFactor: { scope: { kind: 'role' }, graceMs: 0 } }], ['secondFactor.graceMs', { ...plan, secondFactor: { scope: { kind: 'app' } } }],
    ['notices.affected', { ...plan, notices: { affected: 'yes' } }], ['noticedMs', { ...plan, noticedMs: Infinity }], ['onProgress', { ...plan, onProgress: 1 }], ['signal', { ...plan, signal: {} }],
    ['everything', { ...plan, everything: true }],
  ])('with a wrong %s is refused by that name, before anything is done', async (field, given) => {
    const at = world();
    const { incident } = processOf(at);
    const error: unknown = await incident.contain(given as ContainPlan).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ERR_CONFIG' });
    const { message } = error as Error;
    expect(message.startsWith(`incident.contain.${field}:`)).toBe(true);
    expect(message.length).toBeLessThan(500);
    expect([at.events, await incident.status()]).toEqual([[], []]);
  });

  it('that asks for what cannot be looked up is refused', async () => {
    const at = world();
    const bare = processOf(at, { pages: undefined, signIns: undefined, entries: undefined }).incident;
    const quiet = { ...plan, notices: { affected: true, everyoneElse: false } };
    await expect(bare.contain(plan)).rejects.toThrow('incident.contain.notices.everyoneElse');
    await expect(bare.contain({ ...quiet, affected: { sources: [attacker] } })).rejects.toThrow('incident.contain.affected.sources');
    await expect(bare.contain({ ...quiet, affected: { breached: true } })).rejects.toThrow('incident.contain.affected.breached');
    expect(await bare.contain({ ...quiet, affected: { accountIds: ['a0'] } })).toMatchObject({ complete: true, notices: { affected: { told: 1 } } });
  });

  it('may be anything at all: it is carried out or refused with ERR_CONFIG', async () => {
    const at = world({ count: 2 });
    const { incident } = processOf(at);
    await fc.assert(
      fc.asyncProperty(fc.anything({ maxDepth: 3 }), fc.constantFrom('id', 'by', 'reason', 'readOnly', 'sessions', 'affected', 'reset', 'secondFactor', 'notices', 'noticedMs'), async (value, field) => {
        const error: unknown = await incident.contain({ ...plan, dryRun: true, [field]: value }).then(() => undefined, (caught: unknown) => caught);
        if (error !== undefined) expect(error).toMatchObject({ code: 'ERR_CONFIG' });
      }),
    );
  });
});
