import { rangeService } from 'portcullis/breach';
import { startRangeServer, type RangeFault } from 'portcullis/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { leaked, oneRow, rawServer, setup, strangers, turnsPass } from './setup.ts';

const password = 'P@ssw0rd';
const breached = { verdict: 'breached', count: 83_129 };

const wrongAnswers: readonly (readonly [string, RangeFault, string])[] = [
  ['is cut off before its announced length', { kind: 'cut-off', framing: 'length' }, 'cut-off'],
  ['is cut off between chunks', { kind: 'cut-off', framing: 'chunked' }, 'cut-off'],
  ['is cut off where nothing but the end of the connection ends it', { kind: 'cut-off', framing: 'close' }, 'cut-off'],
  ['breaks off before it begins', { kind: 'reset' }, 'unreachable'],
  ['is a 301', { kind: 'status', status: 301, location: '/range/00000' }, 'bad-status'],
  ['is a 204', { kind: 'status', status: 204 }, 'bad-status'],
  ['is a 404', { kind: 'status', status: 404 }, 'bad-status'],
  ['is a 429', { kind: 'status', status: 429 }, 'bad-status'],
  ['is a 503', { kind: 'status', status: 503 }, 'bad-status'],
];

// ASVS 13.1.3, 16.5.2: an outage is `unknown` with a reason, within the budget, and neither guilt nor innocence.
describe('a service in trouble', () => {
  it.each(wrongAnswers)('leads to unknown when its answer %s, after one retry and no more', async (_, fault, reason) => {
    const { server, service, events, requestsAre } = await setup();
    server.setFault(fault);
    expect(await service.check({ password, budgetMs: 1_000 })).toEqual({ verdict: 'unknown', reason });
    await requestsAre(2);
    expect(events).toEqual([{ type: 'breach.source-failed', reason: `range-service: ${reason}` }]);
  });

  it.each(wrongAnswers)('is asked again at once, and believed, when its first answer %s', async (_, fault) => {
    const { server, service, events } = await setup();
    server.setFault(fault, { times: 1 });
    expect(await service.check({ password, budgetMs: 1_000 })).toEqual(breached);
    expect(server.requests).toHaveLength(2);
    expect(events).toEqual([]);
  });

  it('leads to unknown when nobody listens there', async () => {
    const { server, service } = await setup();
    await server.close();
    expect(await service.check({ password, budgetMs: 1_000 })).toEqual({ verdict: 'unknown', reason: 'unreachable' });
  });

  it.each(['silence', 'stall'] as const)('has its budget and no more: %s', async (kind) => {
    const { server, service, clock, requestsAre } = await setup();
    server.setFault({ kind });
    const answer = service.check({ password, budgetMs: 300 });
    const settled = vi.fn();
    void answer.then(settled);
    await requestsAre(1);
    await clock.advance(299);
    expect(settled).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(await answer).toEqual({ verdict: 'unknown', reason: 'timeout' });
  });

  it('has one budget for the first try and the second', async () => {
    const { server, service, clock, requestsAre } = await setup();
    server.setFault({ kind: 'silence' });
    server.setFault({ kind: 'reset' }, { prefix: '21BD1', times: 1 });
    const answer = service.check({ password, budgetMs: 300 });
    await requestsAre(2);
    await clock.advance(300);
    expect(await answer).toEqual({ verdict: 'unknown', reason: 'timeout' });
  });

  it('is believed when it is slow, but not too slow', async () => {
    const { server, service, clock, requestsAre } = await setup();
    server.setFault({ kind: 'delay', delayMs: 250 });
    const answer = service.check({ password, budgetMs: 300 });
    await requestsAre(1);
    await clock.advance(250);
    expect(await answer).toEqual(breached);
  });

  it('does no harm where the events go to something that throws', async () => {
    const emit = (): never => {
      throw new Error('the disk of the log is full');
    };
    const { server, service } = await setup({ service: { emit, breakerFailures: 1 } });
    server.setFault({ kind: 'reset' });
    expect(await service.check({ password, budgetMs: 1_000 })).toEqual({ verdict: 'unknown', reason: 'unreachable' });
    expect(await service.check({ password, budgetMs: 1_000 })).toEqual({ verdict: 'unknown', reason: 'breaker-open' });
    await turnsPass();
  });

  it('says so once a minute for each kind of trouble', async () => {
    const { server, service, clock, events } = await setup({ service: { breakerFailures: 100 } });
    server.setFault({ kind: 'reset' });
    const passwords = strangers(4);
    for (const stranger of passwords.slice(0, 3)) await service.check({ password: stranger, budgetMs: 1_000 });
    expect(events).toEqual([{ type: 'breach.source-failed', reason: 'range-service: unreachable' }]);
    await clock.advance(60_000);
    await service.check({ password: passwords[3] ?? '', budgetMs: 1_000 });
    expect(events).toHaveLength(2);
  });
});

describe('a budget on the machine\'s own clock', () => {
  it.each([
    ['sign-in', 300, { kind: 'silence' }],
    ['sign-in', 300, { kind: 'stall' }],
    ['sign-in', 300, { kind: 'delay', delayMs: 3_000 }],
    ['change', 1_000, { kind: 'silence' }],
  ] as const)('is held at %s (%i ms): %o', async (_, budgetMs, fault) => {
    const server = await startRangeServer({ passwords: leaked });
    onTestFinished(() => server.close());
    server.setFault(fault);
    const service = rangeService({ baseUrl: server.url, dangerouslyAllowHttp: true });
    const beganMs = performance.now();
    expect(await service.check({ password, budgetMs })).toEqual({ verdict: 'unknown', reason: 'timeout' });
    const tookMs = performance.now() - beganMs;
    expect(tookMs).toBeGreaterThan(budgetMs - 20);
    expect(tookMs).toBeLessThan(budgetMs + 700);
  });

  it.each([0, -1, NaN, -Infinity])('of %d ms asks nobody', async (budgetMs) => {
    const { server, service } = await setup();
    expect(await service.check({ password, budgetMs })).toEqual({ verdict: 'unknown', reason: 'timeout' });
    expect(server.requests).toEqual([]);
  });

  it.each([Infinity, Number.MAX_SAFE_INTEGER, 2 ** 31])('of %d ms does not overflow the timer', async (budgetMs) => {
    const server = await startRangeServer({ passwords: leaked });
    onTestFinished(() => server.close());
    server.setFault({ kind: 'delay', delayMs: 50 });
    const service = rangeService({ baseUrl: server.url, dangerouslyAllowHttp: true });
    expect(await service.check({ password, budgetMs })).toEqual(breached);
  });
});

describe('connections', () => {
  it('are closed when the last caller has left', async () => {
    const server = await rawServer(() => undefined);
    const { service, clock } = await setup({ service: { baseUrl: server.url } });
    const answer = service.check({ password, budgetMs: 300 });
    await vi.waitFor(() => {
      expect(server.requests).toHaveLength(1);
    });
    expect(server.requests[0]?.response.destroyed).toBe(false);
    await clock.advance(300);
    await answer;
    await vi.waitFor(() => {
      expect(server.requests[0]?.response.destroyed).toBe(true);
    });
  });

  it('are as many as the option says, and serve one after the other', async () => {
    const server = await rawServer((_request, response) => setTimeout(() => response.end(oneRow), 5));
    const service = rangeService({ baseUrl: server.url, dangerouslyAllowHttp: true, maxConnections: 2 });
    const verdicts = await Promise.all(strangers(20).map((stranger) => service.check({ password: stranger, budgetMs: 10_000 })));
    expect(verdicts).toEqual(Array(20).fill({ verdict: 'clean' }));
    expect(server.connections()).toBe(2);
  });

  it('are not lost to callers who wait for one and leave before their turn', async () => {
    const server = await rawServer(() => undefined);
    const { service, clock } = await setup({ service: { baseUrl: server.url, maxConnections: 1 } });
    const [first = '', second = '', third = '', fourth = ''] = strangers(4);
    const patient = service.check({ password: first, budgetMs: 4_000 });
    const hurried = [second, third].map((stranger) => service.check({ password: stranger, budgetMs: 300 }));
    await vi.waitFor(() => {
      expect(server.requests).toHaveLength(1);
    });
    await clock.advance(300);
    expect(await Promise.all(hurried)).toEqual(Array(2).fill({ verdict: 'unknown', reason: 'timeout' }));
    server.requests[0]?.response.end(oneRow);
    expect(await patient).toEqual({ verdict: 'clean' });
    await turnsPass();
    const later = service.check({ password: fourth, budgetMs: 4_000 });
    await vi.waitFor(() => {
      expect(server.requests).toHaveLength(2);
    });
    server.requests[1]?.response.end(oneRow);
    expect(await later).toEqual({ verdict: 'clean' });
    expect(server.connections()).toBe(1);
  });

  it('that took longer than the budget to make are kept for the next lookup', async () => {
    const server = await rawServer((_request, response) => response.end(oneRow));
    // Every timer is due before there can be a connection.
    let atOnce = true;
    const service = rangeService({
      baseUrl: server.url,
      dangerouslyAllowHttp: true,
      clock: {
        nowMs: () => 0,
        monotonicMs: () => 0,
        after: (_, run) => {
          if (atOnce) queueMicrotask(run);
          return () => undefined;
        },
      },
    });
    const [first = '', second = ''] = strangers(2);
    expect(await service.check({ password: first, budgetMs: 300 })).toEqual({ verdict: 'unknown', reason: 'timeout' });
    atOnce = false;
    await vi.waitFor(() => {
      expect(server.connections()).toBe(1);
    });
    await turnsPass();
    expect(await service.check({ password: second, budgetMs: 300 })).toEqual({ verdict: 'clean' });
    expect(server.connections()).toBe(1);
  });
});
