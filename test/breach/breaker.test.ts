import { describe, expect, it, vi } from 'vitest';
import { setup, strangers, turnsPass, type Setup } from './setup.ts';

const opened = { type: 'breach.breaker-opened', openForMs: 30_000 };
const closed = { type: 'breach.breaker-closed' };
const clean = { verdict: 'clean' };

function breakerEvents({ events }: Setup) {
  return events.filter(({ type }) => type !== 'breach.source-failed');
}

/** Asks for passwords one after the other. */
async function askAll({ service }: Setup, passwords: readonly string[]) {
  const verdicts = [];
  for (const password of passwords) verdicts.push(await service.check({ password, budgetMs: 1_000 }));
  return verdicts;
}

function unknown(reason: string, times: number) {
  return Array.from({ length: times }, () => ({ verdict: 'unknown', reason }));
}

// ASVS 13.1.3, 16.5.2: an outage costs a few users the budget, and not all of them.
describe('the breaker of the service', () => {
  it('opens after five failures in a row, and then nobody waits', async () => {
    const it = await setup();
    const passwords = strangers(8);
    it.server.setFault({ kind: 'reset' });
    expect(await askAll(it, passwords.slice(0, 4))).toEqual(unknown('unreachable', 4));
    expect(breakerEvents(it)).toEqual([]);
    expect(await askAll(it, passwords.slice(4))).toEqual([...unknown('unreachable', 1), ...unknown('breaker-open', 3)]);
    expect(breakerEvents(it)).toEqual([opened]);
    await it.requestsAre(10);
  });

  it('opens when the service is silent, since slow counts as down', async () => {
    const it = await setup({ service: { breakerFailures: 2 } });
    it.server.setFault({ kind: 'silence' });
    const passwords = strangers(3);
    const late = passwords.slice(0, 2).map((password) => it.service.check({ password, budgetMs: 300 }));
    await it.requestsAre(2);
    await it.clock.advance(300);
    expect(await Promise.all(late)).toEqual(unknown('timeout', 2));
    expect(await askAll(it, passwords.slice(2))).toEqual(unknown('breaker-open', 1));
  });

  it('opens when different prefixes are answered wrongly: that is no stale edge but an outage', async () => {
    const it = await setup();
    it.server.setFault({ kind: 'status', status: 503 });
    expect(await askAll(it, strangers(6))).toEqual([...unknown('bad-status', 5), ...unknown('breaker-open', 1)]);
  });

  it('still answers what it remembers while it is open', async () => {
    const it = await setup({ service: { breakerFailures: 1 } });
    const [first = '', second = '', third = ''] = strangers(3);
    await askAll(it, [first]);
    it.server.setFault({ kind: 'reset' });
    expect(await askAll(it, [second, third, first])).toEqual([...unknown('unreachable', 1), ...unknown('breaker-open', 1), clean]);
  });

  it('lets one request through after its time, stays open when that fails, closes when it succeeds', async () => {
    const it = await setup({ service: { breakerFailures: 1 } });
    const [first = '', ...others] = strangers(8);
    it.server.setFault({ kind: 'reset' });
    await askAll(it, [first]);
    await it.clock.advance(29_999);
    expect(await askAll(it, others.slice(0, 1))).toEqual(unknown('breaker-open', 1));

    await it.clock.advance(1);
    const probes = others.slice(0, 3).map((password) => it.service.check({ password, budgetMs: 1_000 }));
    expect(await Promise.all(probes)).toEqual([...unknown('unreachable', 1), ...unknown('breaker-open', 2)]);
    await it.requestsAre(4);

    it.server.setFault(undefined);
    expect(await askAll(it, others.slice(0, 1))).toEqual(unknown('breaker-open', 1));
    await it.clock.advance(30_000);
    expect(await askAll(it, others.slice(0, 4))).toEqual([clean, clean, clean, clean]);
    expect(breakerEvents(it)).toEqual([opened, closed]);
  });

  it('counts anew after it has closed', async () => {
    const it = await setup({ service: { breakerFailures: 2 } });
    const passwords = strangers(6);
    it.server.setFault({ kind: 'reset' });
    await askAll(it, passwords.slice(0, 2));
    it.server.setFault(undefined);
    await it.clock.advance(30_000);
    await askAll(it, passwords.slice(2, 3));
    it.server.setFault({ kind: 'reset' });
    expect(await askAll(it, passwords.slice(3))).toEqual([...unknown('unreachable', 2), ...unknown('breaker-open', 1)]);
    expect(breakerEvents(it)).toEqual([opened, closed, opened]);
  });

  it('stays closed while failures and right answers alternate', async () => {
    const it = await setup({ service: { breakerFailures: 2 } });
    for (const [index, password] of strangers(12).entries()) {
      it.server.setFault(index % 2 === 0 ? { kind: 'reset' } : undefined);
      await askAll(it, [password]);
    }
    expect(breakerEvents(it)).toEqual([]);
  });

  it('stays closed in a flood that outruns its own connections: the late ones waited for those, not for the service', async () => {
    const it = await setup({ service: { breakerFailures: 2, maxConnections: 1 } });
    const [next = '', ...flood] = strangers(21);
    it.server.setFault({ kind: 'delay', delayMs: 100 });
    const answers = flood.map((password) => it.service.check({ password, budgetMs: 250 }));
    await it.requestsAre(1);
    await it.clock.advance(100);
    await it.requestsAre(2);
    await it.clock.advance(100);
    await it.requestsAre(3);
    await it.clock.advance(50);
    expect(await Promise.all(answers)).toEqual([clean, clean, ...unknown('timeout', 18)]);
    expect(breakerEvents(it)).toEqual([]);
    it.server.setFault(undefined);
    expect(await askAll(it, [next])).toEqual([clean]);
  });
});

describe('a wrong answer that an edge has cached for one prefix', () => {
  it('does not open the breaker, however often that prefix is asked for', async () => {
    const it = await setup({ service: { breakerFailures: 2 } });
    it.server.setFault({ kind: 'status', status: 502 }, { prefix: '21BD1' });
    for (let round = 0; round < 10; round += 1) {
      expect(await askAll(it, ['P@ssw0rd'])).toEqual(unknown('bad-status', 1));
      await it.clock.advance(60_001);
    }
    expect(breakerEvents(it)).toEqual([]);
    expect(await askAll(it, strangers(1))).toEqual([clean]);
  });

  it('is remembered for a minute: nobody asks for that prefix meanwhile, others are asked for', async () => {
    const it = await setup();
    it.server.setFault({ kind: 'status', status: 502 }, { prefix: '21BD1' });
    await askAll(it, ['P@ssw0rd']);
    await it.requestsAre(2);
    it.server.setFault(undefined, { prefix: '21BD1' });
    await it.clock.advance(59_999);
    expect(await askAll(it, ['P@ssw0rd'])).toEqual(unknown('known-bad-prefix', 1));
    await it.requestsAre(2);
    expect(await askAll(it, strangers(1))).toEqual([clean]);
    await it.clock.advance(2);
    expect(await askAll(it, ['P@ssw0rd'])).toEqual([{ verdict: 'breached', count: 83_129 }]);
  });

  it('does not spend the one request that an open breaker lets through', async () => {
    const it = await setup({ service: { breakerFailures: 2, breakerOpenMs: 1_000 } });
    const [first = '', second = '', third = ''] = strangers(3);
    it.server.setFault({ kind: 'status', status: 502 });
    await askAll(it, [first, second]);
    it.server.setFault(undefined);
    await it.clock.advance(1_000);
    expect(await askAll(it, [first, third])).toEqual([...unknown('known-bad-prefix', 1), clean]);
  });
});

describe('a reporter that is busy', () => {
  it('is told of the opening once, not by every request that fails while it is open', async () => {
    const it = await setup({ service: { breakerFailures: 3 } });
    it.server.setFault({ kind: 'silence' });
    const answers = strangers(10).map((password) => it.service.check({ password, budgetMs: 300 }));
    await vi.waitFor(() => {
      expect(it.server.requests).toHaveLength(10);
    });
    await it.clock.advance(300);
    await turnsPass();
    expect(await Promise.all(answers)).toEqual(unknown('timeout', 10));
    expect(breakerEvents(it)).toEqual([opened]);
  });
});
