import { rangeService } from 'portcullis/breach';
import { describe, expect, it, vi } from 'vitest';
import { addressOf, neighbours, oneRow, rawServer, setup } from './setup.ts';

const password = 'P@ssw0rd';
const breached = { verdict: 'breached', count: 83_129 };
const late = { verdict: 'unknown', reason: 'timeout' };

describe('callers who ask for one prefix at the same time', () => {
  it('share one request, also when there are fifty', async () => {
    const { server, service, clock, requestsAre } = await setup();
    server.setFault({ kind: 'delay', delayMs: 100 });
    const answers = Array.from({ length: 50 }, () => service.check({ password, budgetMs: 1_000 }));
    await requestsAre(1);
    await clock.advance(100);
    expect(await Promise.all(answers)).toEqual(Array(50).fill(breached));
    expect(server.requests).toHaveLength(1);
  });

  it('get each the verdict of their own password', async () => {
    const [known, other] = neighbours();
    const { server, service } = await setup({ server: { passwords: [[known, 5]] } });
    const answers = [known, other, known].map((text) => service.check({ password: text, budgetMs: 1_000 }));
    expect(await Promise.all(answers)).toEqual([{ verdict: 'breached', count: 5 }, { verdict: 'clean' }, { verdict: 'breached', count: 5 }]);
    expect(server.requests.map(({ path }) => path)).toEqual([`/range/${addressOf(known).prefix}`]);
  });

  it('share one retry, and one failure', async () => {
    const { server, service, events, requestsAre } = await setup({ service: { breakerFailures: 2 } });
    server.setFault({ kind: 'reset' });
    const answers = Array.from({ length: 50 }, () => service.check({ password, budgetMs: 1_000 }));
    expect(await Promise.all(answers)).toEqual(Array(50).fill({ verdict: 'unknown', reason: 'unreachable' }));
    await requestsAre(2);
    expect(events).toEqual([{ type: 'breach.source-failed', reason: 'range-service: unreachable' }]);
  });

  it('do not lose the answer when one of them leaves', async () => {
    const { server, service, clock, requestsAre, events } = await setup();
    server.setFault({ kind: 'delay', delayMs: 500 });
    const hurried = service.check({ password, budgetMs: 100 });
    const patient = service.check({ password, budgetMs: 1_000 });
    await requestsAre(1);
    await clock.advance(100);
    expect(await hurried).toEqual(late);
    await clock.advance(400);
    expect(await patient).toEqual(breached);
    expect(server.requests).toHaveLength(1);
    expect(events).toEqual([]);
  });

  it('end the request when the last of them leaves, and the next caller starts another', async () => {
    const server = await rawServer(() => undefined);
    const { service, clock } = await setup({ service: { baseUrl: server.url } });
    const first = service.check({ password, budgetMs: 100 });
    const second = service.check({ password, budgetMs: 300 });
    await vi.waitFor(() => {
      expect(server.requests).toHaveLength(1);
    });
    await clock.advance(100);
    expect(await first).toEqual(late);
    expect(server.requests[0]?.response.destroyed).toBe(false);
    await clock.advance(200);
    expect(await second).toEqual(late);
    await vi.waitFor(() => {
      expect(server.requests[0]?.response.destroyed).toBe(true);
    });
    const third = service.check({ password, budgetMs: 300 });
    await vi.waitFor(() => {
      expect(server.requests).toHaveLength(2);
    });
    server.requests[1]?.response.end(oneRow);
    expect(await third).toEqual({ verdict: 'clean' });
  });

  it('do not join a request that has just been given up', async () => {
    const server = await rawServer(() => undefined);
    const due: (() => void)[] = [];
    const service = rangeService({
      baseUrl: server.url,
      dangerouslyAllowHttp: true,
      clock: { nowMs: () => 0, monotonicMs: () => 0, after: (_, run) => (due.push(run), () => undefined) },
    });
    const first = service.check({ password, budgetMs: 300 });
    await vi.waitFor(() => {
      expect(server.requests).toHaveLength(1);
    });
    for (const run of due.splice(0)) run();
    const second = service.check({ password, budgetMs: 300 });
    expect(await first).toEqual(late);
    await vi.waitFor(() => {
      expect(server.requests).toHaveLength(2);
    });
    server.requests[1]?.response.end(oneRow);
    expect(await second).toEqual({ verdict: 'clean' });
  });

  it('cannot keep a stalled request alive for ever by joining it one after the other', async () => {
    const { server, service, clock, requestsAre } = await setup();
    server.setFault({ kind: 'stall' });
    const answers = [];
    for (let second = 0; second < 5; second += 1) {
      answers.push(service.check({ password, budgetMs: 1_500 }));
      await requestsAre(1);
      await clock.advance(1_000);
    }
    const next = service.check({ password, budgetMs: 1_500 });
    await requestsAre(2);
    await clock.advance(1_500);
    expect(await Promise.all([...answers, next])).toEqual(Array(6).fill(late));
  });
});

describe('a flood of callers', () => {
  it('is bounded: beyond 2,048 prefixes under way the answer is unknown at once', async () => {
    const { service, clock } = await setup({ service: { baseUrl: (await rawServer(() => undefined)).url, breakerFailures: 1_000 } });
    const passwords = Array.from({ length: 2_200 }, (_, index) => `flood ${index}`);
    const prefixes = new Set(passwords.map((text) => addressOf(text).prefix));
    const answers = passwords.map((text) => service.check({ password: text, budgetMs: 300 }));
    await clock.advance(300);
    const verdicts = await Promise.all(answers);
    expect(verdicts.filter((verdict) => verdict.verdict === 'unknown' && verdict.reason === 'overloaded')).toHaveLength(prefixes.size - 2_048);
    expect(verdicts.filter((verdict) => verdict.verdict === 'unknown' && verdict.reason === 'timeout')).toHaveLength(2_200 - (prefixes.size - 2_048));
  });
});
