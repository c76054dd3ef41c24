import { commonList, createBreachLookup, type BreachQuestion } from 'portcullis/breach';
import { describe, expect, it } from 'vitest';
import { addressOf, setup } from './setup.ts';

const composed = 'caf\u00e9 au lait';
const decomposed = 'cafe\u0301 au lait';

// HIBP holds what people typed; SP 800-63B-4 section 3.1.1.2 has verifiers normalize.
describe('a password that can be written in two ways', () => {
  it('is looked up as it was typed and in NFC', async () => {
    const { server, service } = await setup({ server: { passwords: [[composed, 4]] } });
    expect(await service.check({ password: decomposed, budgetMs: 1_000 })).toEqual({ verdict: 'breached', count: 4 });
    const asked = server.requests.map(({ path }) => path).sort();
    expect(asked).toEqual([composed, decomposed].map((text) => `/range/${addressOf(text).prefix}`).sort());
  });

  it('is breached when attackers know it as it was typed, and counts as often as the commoner way', async () => {
    const { service } = await setup({ server: { passwords: [[decomposed, 9], [composed, 4]] } });
    expect(await service.check({ password: decomposed, budgetMs: 1_000 })).toEqual({ verdict: 'breached', count: 9 });
    expect(await service.check({ password: composed, budgetMs: 1_000 })).toEqual({ verdict: 'breached', count: 4 });
  });

  it('is not clean while one of the two could not be looked up', async () => {
    const { server, service } = await setup();
    server.setFault({ kind: 'status', status: 502 }, { prefix: addressOf(composed).prefix });
    expect(await service.check({ password: decomposed, budgetMs: 1_000 })).toEqual({ verdict: 'unknown', reason: 'bad-status' });
  });

  it('is asked for once when both ways are the same, and also when it is not ASCII', async () => {
    const { server, service } = await setup({ server: { passwords: [['пароль', 3]] } });
    expect(await service.check({ password: 'пароль', budgetMs: 1_000 })).toEqual({ verdict: 'breached', count: 3 });
    expect(server.requests).toHaveLength(1);
  });
});

describe('what is no password', () => {
  const values: readonly (readonly [string, unknown])[] = [
    ['an object', { $ne: null }],
    ['an array', ['P@ssw0rd']],
    ['a number', 12345678],
    ['null', null],
    ['nothing', undefined],
    ['a string object', Object('P@ssw0rd')],
    ['a lone surrogate', 'P@ssw0rd\ud800'],
    ['10 MB', 'x'.repeat(10_000_000)],
    ['4,097 characters', 'x'.repeat(4_097)],
  ];

  it.each(values)('is unknown, and asked of nobody: %s', async (_, value) => {
    const { server, service } = await setup();
    const question = { password: value, budgetMs: 1_000 } as BreachQuestion;
    const unknown = { verdict: 'unknown', reason: 'invalid-input' };
    expect(await service.check(question)).toEqual(unknown);
    expect(await commonList().check(question)).toEqual(unknown);
    expect(await createBreachLookup({ sources: [service] }).check(question)).toEqual(unknown);
    expect(commonList().has(value as string)).toBe(false);
    expect(server.requests).toEqual([]);
  });

  it.each([
    ['empty', ''],
    ['NUL inside', 'a\0b'],
    ['4,096 characters', 'x'.repeat(4_096)],
    ['an operator', '{"$ne":null}'],
  ])('is not this text: %s', async (_, password) => {
    const { server, service } = await setup({ server: { passwords: [[password, 2]] } });
    expect(await service.check({ password, budgetMs: 1_000 })).toEqual({ verdict: 'breached', count: 2 });
    expect(server.requests[0]?.path).toBe(`/range/${addressOf(password).prefix}`);
  });
});
