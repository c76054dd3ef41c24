import { describe, expect, it } from 'vitest';
import { neighbours, setup, strangers } from './setup.ts';

const dayMs = 24 * 60 * 60 * 1000;
const password = 'P@ssw0rd';
const breached = { verdict: 'breached', count: 83_129 };

describe('a range that has been fetched', () => {
  it('answers the next callers without a request, for any password of its prefix', async () => {
    const [known, other] = neighbours();
    const { server, service } = await setup({ server: { passwords: [[known, 5]] } });
    expect(await service.check({ password: other, budgetMs: 1_000 })).toEqual({ verdict: 'clean' });
    expect(await service.check({ password: known, budgetMs: 1_000 })).toEqual({ verdict: 'breached', count: 5 });
    expect(await service.check({ password: known, budgetMs: 0 })).toEqual({ verdict: 'breached', count: 5 });
    expect(server.requests).toHaveLength(1);
  });

  it('is believed for a day, counted from when it came, and not longer', async () => {
    const { server, service, clock } = await setup();
    await service.check({ password, budgetMs: 1_000 });
    await clock.advance(dayMs - 1);
    expect(await service.check({ password, budgetMs: 1_000 })).toEqual(breached);
    expect(server.requests).toHaveLength(1);
    await clock.advance(2);
    expect(await service.check({ password, budgetMs: 1_000 })).toEqual(breached);
    expect(server.requests).toHaveLength(2);
  });

  it('is believed for less when the app says so, whatever the wall clock does', async () => {
    const { server, service, clock } = await setup({ service: { cacheTtlMs: 60_000 } });
    await service.check({ password, budgetMs: 1_000 });
    clock.setWallMs(0);
    await clock.advance(59_999);
    await service.check({ password, budgetMs: 1_000 });
    expect(server.requests).toHaveLength(1);
    await clock.advance(2);
    await service.check({ password, budgetMs: 1_000 });
    expect(server.requests).toHaveLength(2);
  });

  it('makes room for others: the cache is bounded in bytes, and the least used goes first', async () => {
    // A range of 1,900 rows takes 12 bytes for each: four fit.
    const { server, service } = await setup({ service: { cacheMaxBytes: 100_000 } });
    const passwords = strangers(5);
    const [first = '', second = '', third = '', fourth = '', fifth = ''] = passwords;
    for (const stranger of [first, second, third, fourth, first, fifth]) await service.check({ password: stranger, budgetMs: 1_000 });
    expect(server.requests).toHaveLength(5);
    for (const stranger of [first, third, fourth, fifth]) await service.check({ password: stranger, budgetMs: 1_000 });
    expect(server.requests).toHaveLength(5);
    await service.check({ password: second, budgetMs: 1_000 });
    expect(server.requests).toHaveLength(6);
  });

  it('is not kept when the answer was wrong, or none', async () => {
    const { server, service, clock } = await setup();
    server.setFault({ kind: 'cut-off', framing: 'length' });
    expect(await service.check({ password, budgetMs: 1_000 })).toEqual({ verdict: 'unknown', reason: 'cut-off' });
    server.setFault(undefined);
    await clock.advance(60_001);
    expect(await service.check({ password, budgetMs: 1_000 })).toEqual(breached);
  });
});
