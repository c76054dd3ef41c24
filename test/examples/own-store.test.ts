import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect as print } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fakeClock, recordStoreContract, type StoreUnderTest } from 'portcullis/testing';
import { createPortcullis, memoryStore, type Mail, type RecordStore } from 'portcullis';
import { startBucket, type Bucket } from '../../examples/own-store/bucket.ts';
import { bucketStore } from '../../examples/own-store/bucket-store.ts';
import { facts, goodPassword, keyRing, memoryTable, otherPassword, swiftEngine } from '../support/kit.ts';

/** Tests run beside many others. */
const patienceMs = 15_000;

async function makeStore(): Promise<StoreUnderTest<RecordStore>> {
  const bucket = await startBucket();
  const clock = fakeClock();
  return {
    store: bucketStore({ url: bucket.url, deadlineMs: patienceMs, clock }),
    nowMs: () => clock.nowMs(),
    async letTimePass(byMs) {
      await clock.advance(byMs);
      await new Promise((resolve) => {
        setTimeout(resolve, 15);
      });
    },
    setClockBack(byMs) {
      clock.setWallMs(clock.nowMs() - byMs);
    },
    close: () => bucket.close(),
  };
}

async function openBucket(): Promise<Bucket> {
  const bucket = await startBucket();
  onTestFinished(() => bucket.close());
  return bucket;
}

describe('the example of an own store', () => {
  for (const { name, run } of recordStoreContract(makeStore)) it(name, run);

  it('is shorter than 120 lines', () => {
    const text = readFileSync(join(import.meta.dirname, '../../examples/own-store/bucket-store.ts'), 'utf8');
    expect(text.split('\n').length - 1).toBeLessThan(120);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(200);
  });

  it('lets one of 8 processes spend a record', async () => {
    const bucket = await openBucket();
    const store = bucketStore({ url: bucket.url, deadlineMs: patienceMs });
    await store.compareAndSet({ key: 'reset:a', expectedVersion: 0, value: '{}' });
    const { version = 0 } = (await store.read('reset:a')) ?? {};
    const children = await Promise.all(Array.from({ length: 8 }, async () => {
      const child = fork(join(import.meta.dirname, 'own-store-child.ts'), [bucket.url, String(version)], { execArgv: ['--disable-warning=ExperimentalWarning'] });
      onTestFinished(() => {
        child.kill('SIGKILL');
      });
      await once(child, 'message');
      return child;
    }));
    const answers = children.map((child) => once(child, 'message'));
    for (const child of children) child.send('go');
    const spent = (await Promise.all(answers)).map(([message]) => (message as { readonly spent: boolean }).spent);
    expect(spent.filter(Boolean)).toHaveLength(1);
  });

  it.each(['error', 'silence', 'nonsense'] as const)('is ERR_STORE where the bucket fails by %s, and works again afterwards', async (failBy) => {
    const bucket = await openBucket();
    const store = bucketStore({ url: bucket.url, deadlineMs: failBy === 'silence' ? 500 : patienceMs });
    await store.compareAndSet({ key: 'a:secret', expectedVersion: 0, value: 'x' });
    bucket.failBy = failBy;
    const [read, written] = await Promise.all([store.read('a:secret').catch((error: unknown) => error), store.compareAndSet({ key: 'a:secret', expectedVersion: 0, value: 'y' }).catch((error: unknown) => error)]);
    for (const error of [read, written]) {
      expect(error).toMatchObject({ code: 'ERR_STORE' });
      expect(print(error)).not.toMatch(/secret|cause|127\.0/);
    }
    bucket.failBy = undefined;
    expect((await store.read('a:secret'))?.value).toBe('x');
  });

  it('serves a whole password reset, whose link four requests bring and one may use', async () => {
    const bucket = await openBucket();
    const table = memoryTable();
    const mails: Mail[] = [];
    const portcullis = createPortcullis({
      keys: keyRing,
      baseUrl: 'https://app.example.com',
      accounts: table,
      mailer: { send: async (mail) => void mails.push(mail) },
      counters: memoryStore(),
      records: bucketStore({ url: bucket.url, deadlineMs: patienceMs }),
      stores: { recordDeadlineMs: patienceMs },
      password: { minStrength: 0 },
      breach: { sources: [{ name: 'none', check: () => Promise.resolve({ verdict: 'clean' }) }] },
      onEvent: () => undefined,
      reportError: () => undefined,
      readOnly: false,
      hasher: { engine: swiftEngine() },
    });
    const email = 'ada@example.com';
    await table.create({ email, passwordHash: await portcullis.hasher.hash(goodPassword), profile: {} });
    expect((await portcullis.passwordReset.request({ identifier: email, facts })).reply.status).toBe(202);
    await portcullis.uniform.drain(10_000);
    const [mail] = mails;
    if (mail?.kind !== 'reset-password') throw new Error('no link was mailed');
    const token = new URLSearchParams(new URL(mail.link).hash.slice(1)).get('token');
    const redeemed = await Promise.all(Array.from({ length: 4 }, () => portcullis.passwordReset.redeem({ token, password: otherPassword, facts })));
    expect(redeemed.filter(({ outcome }) => outcome === 'reset')).toHaveLength(1);
    await portcullis.uniform.drain(10_000);
    const signIn = async (password: string): Promise<string> => (await portcullis.signIn.attempt({ identifier: email, password, facts })).outcome;
    expect([await signIn(goodPassword), await signIn(otherPassword)]).toEqual(['answered', 'signed-in']);
  });
});
