import { exposedAmong, type AccountToCheck, type ExposedAccount, type ExposureProgress, type ExposureSource, type ExposureVerdict } from 'portcullis/breach';
import { describe, expect, it, vi } from 'vitest';
import { answer, exposureSetup, leak, notFound } from './exposure-setup.ts';
import { turnsPass } from './setup.ts';

async function* accounts(count: number, email = (number: number): string => `number-${number}@example.com`): AsyncGenerator<AccountToCheck> {
  for (let number = 0; number < count; number += 1) yield { id: `account-${number}`, email: email(number) };
}

/** A source of an app's own. */
function sourceOf(check: (email: string, signal?: AbortSignal) => unknown): ExposureSource {
  return { name: 'own', check: ({ email, signal }) => Promise.resolve(check(email, signal)) as Promise<ExposureVerdict> };
}

const exposed: ExposureVerdict = { verdict: 'exposed', breaches: [{ name: 'Adobe' }] };

async function all(stream: AsyncIterable<ExposedAccount>): Promise<readonly ExposedAccount[]> {
  const found: ExposedAccount[] = [];
  for await (const account of stream) found.push(account);
  return found;
}

describe('the accounts that are in a leak', () => {
  it('come in order, with those of which nobody can say, and without those that are clean', async () => {
    const { source, answers, settled } = await exposureSetup({ requestsPerMinute: 10_000 });
    answers((response, request) => {
      const number = Number(/number-(\d+)/.exec(request.path)?.[1]);
      (number % 3 === 0 ? leak : number % 3 === 1 ? notFound : answer(418))(response, request);
    });
    expect(await settled(all(exposedAmong(source, accounts(7))))).toEqual([
      { id: 'account-0', verdict: 'exposed', breaches: [{ name: 'Adobe' }] },
      { id: 'account-2', verdict: 'unknown', reason: 'bad-status' },
      { id: 'account-3', verdict: 'exposed', breaches: [{ name: 'Adobe' }] },
      { id: 'account-5', verdict: 'unknown', reason: 'bad-status' },
      { id: 'account-6', verdict: 'exposed', breaches: [{ name: 'Adobe' }] },
    ]);
  });

  it('are asked for no faster than the key allows', async () => {
    const { source, requests, settled } = await exposureSetup({ requestsPerMinute: 60 });
    expect(await settled(all(exposedAmong(source, accounts(12))), 50)).toEqual([]);
    const gaps = requests.slice(1).map(({ atMs }, index) => atMs - (requests[index]?.atMs ?? 0));
    expect(gaps).toHaveLength(11);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_050);
  });

  it('come in order also where answers do not', async () => {
    const waits = sourceOf(async (email) => {
      await turnsPass(10 - Number(/\d+/.exec(email)?.[0]));
      return exposed;
    });
    expect((await all(exposedAmong(waits, accounts(10)))).map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, number) => `account-${number}`));
  });

  it('are a hundred thousand as well as ten: eight are read ahead, and the pace of the caller is waited for', async () => {
    let read = 0;
    async function* many(): AsyncGenerator<AccountToCheck> {
      for await (const account of accounts(100_000)) {
        read += 1;
        yield account;
      }
    }
    let most = 0;
    let seen = 0;
    for await (const { id } of exposedAmong(sourceOf(() => exposed), many())) {
      expect(id).toBe(`account-${seen}`);
      seen += 1;
      most = Math.max(most, read - seen);
    }
    expect([seen, most]).toEqual([100_000, 7]);
  });

  it('hold ids and no addresses', async () => {
    const found = await all(exposedAmong(sourceOf((email) => ({ ...exposed, email, breaches: [{ name: 'Adobe', email }] })), accounts(2)));
    expect(JSON.stringify(found)).not.toContain('@');
  });
});

describe('progress', () => {
  it('is told after each account, when the caller is done with it', async () => {
    const told: ExposureProgress[] = [];
    const verdicts: readonly ExposureVerdict[] = [exposed, { verdict: 'clean' }, { verdict: 'unknown', reason: 'timeout' }];
    const source = sourceOf((email) => verdicts[Number(/\d+/.exec(email)?.[0])]);
    const lastIds: (string | undefined)[] = [];
    for await (const { id } of exposedAmong(source, accounts(3), { onProgress: (progress) => told.push(progress) })) {
      lastIds.push(id, told.at(-1)?.lastId);
    }
    expect(lastIds).toEqual(['account-0', undefined, 'account-2', 'account-1']);
    expect(told).toEqual([
      { checked: 1, exposed: 1, unknown: 0, lastId: 'account-0' },
      { checked: 2, exposed: 1, unknown: 0, lastId: 'account-1' },
      { checked: 3, exposed: 1, unknown: 1, lastId: 'account-2' },
    ]);
  });

  it('harms nothing where it throws or rejects', async () => {
    const onProgress = vi.fn(() => {
      throw new Error('the bar is broken');
    });
    expect(await all(exposedAmong(sourceOf(() => exposed), accounts(3), { onProgress }))).toHaveLength(3);
    expect(onProgress).toHaveBeenCalledTimes(3);
  });
});

describe('an end before the end', () => {
  it('throws what the signal says, so that half a list is not taken for a whole one', async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const run = async (): Promise<void> => {
      for await (const { id } of exposedAmong(sourceOf(() => exposed), accounts(100), { signal: stop.signal })) {
        seen.push(id);
        if (seen.length === 5) stop.abort(new Error('enough'));
      }
    };
    await expect(run()).rejects.toThrow('enough');
    expect(seen).toHaveLength(5);
  });

  it.each<readonly [string, ExposureSource, AsyncIterable<AccountToCheck>]>([
    ['a source that hangs and does not hear the signal', sourceOf(() => new Promise(() => undefined)), accounts(1)],
    ['a table that hangs', sourceOf(() => exposed), { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined), return: () => new Promise<never>(() => undefined) }) }],
  ])('does not wait for %s', async (_, source, table) => {
    const stop = new AbortController();
    const run = all(exposedAmong(source, table, { signal: stop.signal }));
    const ended = expect(run).rejects.toMatchObject({ name: 'AbortError' });
    await turnsPass();
    stop.abort();
    await ended;
  });

  it('asks for nothing when the signal is aborted from the start', async () => {
    const check = vi.fn(() => exposed);
    await expect(all(exposedAmong(sourceOf(check), accounts(3), { signal: AbortSignal.abort() }))).rejects.toMatchObject({ name: 'AbortError' });
    expect(check).not.toHaveBeenCalled();
  });

  it('closes the table, and what is under way, when the caller leaves', async () => {
    const closed = vi.fn();
    const aborted = vi.fn();
    async function* table(): AsyncGenerator<AccountToCheck> {
      try {
        yield* accounts(100);
      } finally {
        closed();
      }
    }
    const source = sourceOf((email, signal) => {
      if (email.startsWith('number-0')) return exposed;
      signal?.addEventListener('abort', () => {
        aborted();
      });
      return new Promise(() => undefined);
    });
    for await (const { id } of exposedAmong(source, table())) {
      expect(id).toBe('account-0');
      break;
    }
    expect(closed).toHaveBeenCalledTimes(1);
    expect(aborted).toHaveBeenCalledTimes(7);
  });

  it('throws what the table throws', async () => {
    async function* broken(): AsyncGenerator<AccountToCheck> {
      yield* accounts(2);
      throw new Error('the connection is gone');
    }
    await expect(all(exposedAmong(sourceOf(() => exposed), broken()))).rejects.toThrow('the connection is gone');
  });
});

describe('a source that is no help', () => {
  it('is given up when it refuses the key: the account is told first', async () => {
    const { source, answers, settled } = await exposureSetup({ requestsPerMinute: 10_000 });
    answers(answer(401));
    const seen: ExposedAccount[] = [];
    const run = async (): Promise<void> => {
      for await (const account of exposedAmong(source, accounts(100))) seen.push(account);
    };
    await expect(settled(run())).rejects.toMatchObject({ code: 'ERR_STORE', message: 'exposedAmong.source: expected answers, got a refusal of the key' });
    expect(seen).toEqual([{ id: 'account-0', verdict: 'unknown', reason: 'key-refused' }]);
  });

  it('is given up after 20 accounts in a row, and not for 19', async () => {
    const troubled = (until: number): ExposureSource => sourceOf((email) => (Number(/\d+/.exec(email)?.[0]) % 20 < until ? { verdict: 'unknown', reason: 'timeout' } : exposed));
    expect(await all(exposedAmong(troubled(19), accounts(60)))).toHaveLength(60);
    await expect(all(exposedAmong(troubled(20), accounts(60)))).rejects.toMatchObject({
      code: 'ERR_STORE',
      message: 'exposedAmong.source: expected answers, got none for 20 accounts in a row; the last: timeout',
    });
  });

  it('is not meant where the addresses are none', async () => {
    const check = vi.fn(() => exposed);
    const found = await all(exposedAmong(sourceOf(check), accounts(50, () => 'no address')));
    expect(found).toEqual(Array.from({ length: 50 }, (_, number) => ({ id: `account-${number}`, verdict: 'unknown', reason: 'invalid-input' })));
    expect(check).not.toHaveBeenCalled();
  });

  it.each<readonly [string, () => unknown]>([
    ['throws', () => { throw new Error('number-0@example.com is not to be had'); }],
    ['rejects', () => Promise.reject(new Error('number-0@example.com'))],
    ['answers nothing', () => undefined],
    ['answers a boolean', () => false],
    ['answers a count', () => 3],
    ['answers another word', () => ({ verdict: 'fine' })],
    ['gives an address as its reason', () => ({ verdict: 'unknown', reason: 'number-0@example.com' })],
    ['gives no reason', () => ({ verdict: 'unknown' })],
    ['knows of a leak without a name', () => ({ verdict: 'exposed', breaches: [{}] })],
    ['knows of no leak', () => ({ verdict: 'exposed', breaches: [] })],
    ['throws when it is looked at', () => ({ get verdict() { throw new Error('no'); } })],
  ])('is unknown, and never clean: one that %s', async (_, check) => {
    const source = { name: 'own', check } as unknown as ExposureSource;
    expect(await all(exposedAmong(source, accounts(1)))).toEqual([{ id: 'account-0', verdict: 'unknown', reason: 'source-failed' }]);
  });

  it('is told of by what it says rightly: what else it says is left out', async () => {
    const odd = sourceOf(() => ({ verdict: 'exposed', breaches: [{ name: 'Adobe', dateMs: NaN, exposesPasswords: 'yes' }, { name: 'Gawker', dateMs: 5, exposesPasswords: true }] }));
    expect(await all(exposedAmong(odd, accounts(1)))).toEqual([{ id: 'account-0', verdict: 'exposed', breaches: [{ name: 'Adobe' }, { name: 'Gawker', dateMs: 5, exposesPasswords: true }] }]);
  });
});

describe('a wrong argument', () => {
  const right = sourceOf(() => exposed);
  it.each<readonly [string, () => unknown, string]>([
    ['no source', () => exposedAmong({} as ExposureSource, accounts(1)), 'exposedAmong.source: expected an object with check(), got a value of type object'],
    ['no stream', () => exposedAmong(right, [] as unknown as AsyncIterable<AccountToCheck>), 'exposedAmong.accounts: expected an async iterable of { id, email }, got an array of 0'],
    ['nothing', () => exposedAmong(right, undefined as unknown as AsyncIterable<AccountToCheck>), 'exposedAmong.accounts: expected an async iterable of { id, email }, got nothing'],
    ['an option that is none', () => exposedAmong(right, accounts(1), { progress: () => undefined } as object), 'exposedAmong.progress: unknown option'],
    ['a signal that is none', () => exposedAmong(right, accounts(1), { signal: {} as AbortSignal }), 'exposedAmong.signal: expected an AbortSignal, got a value of type object'],
  ])('is refused at once: %s', (_, call, message) => {
    expect(call).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining(message) as string }));
  });

  it.each([undefined, null, {}, { id: '' }, { id: 5, email: 'a@example.com' }])('is an account without an id: %o', async (account) => {
    async function* odd(): AsyncGenerator<AccountToCheck> {
      yield account as AccountToCheck;
    }
    await expect(all(exposedAmong(right, odd()))).rejects.toMatchObject({ code: 'ERR_STORE', message: 'exposedAmong.accounts: expected accounts with an id, got one without' });
  });
});
