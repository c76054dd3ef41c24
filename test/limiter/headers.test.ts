import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLimiter, headerSeconds, type HeaderForm } from 'portcullis/limiter';
import { fakeClock } from 'portcullis/testing';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { parseStringList } from '../support/rfc9651.ts';
import { setup, signInRules } from './setup.ts';

const keys = { address: '1.2.3.4', account: 'ann' };

describe('the RateLimit fields of draft 11', () => {
  it('name every rule with its quota and window, and where its key stands', async () => {
    const { limiter } = setup({ headers: 'draft-11' });
    await limiter.take(keys, { cost: 2 });
    expect(limiter.headers(await limiter.take(keys))).toEqual({
      'RateLimit-Policy': '"address";q=10;w=60, "account";q=5;w=300',
      RateLimit: '"address";r=7;t=18, "account";r=2;t=180',
    });
  });

  it('tell when the next unit comes where nothing is left', async () => {
    const { limiter } = setup({ headers: 'draft-11' });
    const { RateLimit = '' } = limiter.headers(await limiter.take({ account: 'ann' }, { cost: 5 }));
    expect(RateLimit).toBe('"account";r=0;t=60');
  });

  it('promise no more than the sustained rate where the burst is wider or narrower than the limit', async () => {
    for (const [burst, policy] of [[20, '"address";q=20;w=120'], [5, '"address";q=5;w=30']] as const) {
      const { limiter } = setup({ headers: 'draft-11', rules: { address: { limit: 10, windowMs: 60_000, burst } } });
      expect(limiter.headers(await limiter.take({ address: 'a' }))['RateLimit-Policy']).toBe(policy);
    }
  });

  // RFC 9651 section 4.2; draft-ietf-httpapi-ratelimit-headers-11
  it('are RFC 9651 lists of quoted names with integers, w at least 1, and Retry-After is never before t', async () => {
    const rule = fc.record({ limit: fc.integer({ min: 1, max: 5_000 }), windowMs: fc.integer({ min: 100, max: 34_560_000_000 }), burst: fc.integer({ min: 4, max: 1_000_000 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(rule, { minLength: 1, maxLength: 8 }), fc.array(fc.record({ cost: fc.integer({ min: 1, max: 4 }), mask: fc.integer({ min: 1, max: 255 }), pauseMs: fc.integer({ min: 0, max: 100_000 }) }), { maxLength: 15 }), async (shapes, steps) => {
        const clock = fakeClock();
        let passedMs = 0;
        const timed = { ...clock, monotonicMs: () => passedMs };
        const rules = Object.fromEntries(shapes.map((shape, index) => [`rule-${index}`, { ...shape, burst: 4 + (shape.burst % 9) }]));
        const limiter = createLimiter({ name: 'l', clock: timed, store: memoryStore({ clock: timed }), headers: 'draft-11', rules });
        for (const { cost, mask, pauseMs } of steps) {
          passedMs += pauseMs;
          const named = Object.keys(rules).filter((_, index) => index === 0 || (mask >> index) % 2 === 1);
          const decision = await limiter.take(Object.fromEntries(named.map((name) => [name, 'key'])), { cost });
          const fields = limiter.headers(decision);
          const policy = parseStringList(fields['RateLimit-Policy'] ?? '');
          const standing = parseStringList(fields['RateLimit'] ?? '');
          expect(policy.map(({ value }) => value)).toEqual(named);
          expect(standing.map(({ value }) => value)).toEqual(named);
          const retryAfterS = decision.ok ? Infinity : headerSeconds(decision.retryAfterMs);
          for (const [at, { parameters }] of policy.entries()) {
            const { q = -1, w = -1 } = parameters;
            const { r = -1, t = -1 } = standing[at]?.parameters ?? {};
            expect(w).toBeGreaterThanOrEqual(1);
            expect(q).toBeGreaterThanOrEqual(1);
            expect(r >= 0 && r <= q).toBe(true);
            expect(t >= 1 && t <= retryAfterS).toBe(true);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('the RateLimit fields of draft 7', () => {
  it('show the rule with the least left', async () => {
    const { limiter } = setup({ headers: 'draft-7' });
    expect(limiter.headers(await limiter.take(keys))).toEqual({ 'RateLimit-Policy': '5;w=300', RateLimit: 'limit=5, remaining=4, reset=60' });
    for (let turn = 0; turn < 8; turn += 1) await limiter.take({ address: '1.2.3.4' });
    expect(limiter.headers(await limiter.take({ address: '1.2.3.4', account: 'bob' }))).toEqual({ 'RateLimit-Policy': '10;w=60', RateLimit: 'limit=10, remaining=0, reset=6' });
  });

  it('show of two used-up rules the one that lasts longer', async () => {
    const { limiter } = setup({ headers: 'draft-7' });
    await limiter.take({ address: '1.2.3.4' }, { cost: 10 });
    await limiter.take({ account: 'ann' }, { cost: 5 });
    expect(limiter.headers(await limiter.take(keys))).toEqual({ 'RateLimit-Policy': '5;w=300', RateLimit: 'limit=5, remaining=0, reset=60' });
  });
});

describe('the header fields of a decision', () => {
  it('are none unless they are asked for', async () => {
    const { limiter } = setup();
    expect(limiter.headers(await limiter.take(keys))).toEqual({});
  });

  it('are the same for a pass that was only looked at', async () => {
    const { limiter } = setup({ headers: 'draft-11' });
    await limiter.take(keys);
    expect(limiter.headers(await limiter.peek(keys))).toEqual({
      'RateLimit-Policy': '"address";q=10;w=60, "account";q=5;w=300',
      RateLimit: '"address";r=9;t=6, "account";r=4;t=60',
    });
  });

  // RFC 9110 section 10.2.3
  it('write seconds as whole numbers, rounded up, at least 1', () => {
    expect([0, 0.5, 1, 999, 1_000, 1_000.001, 59_999].map(headerSeconds)).toEqual([1, 1, 1, 1, 1, 2, 60]);
  });

  it('know three forms', () => {
    const make = (headers: string) => createLimiter({ name: 'l', store: memoryStore(), rules: signInRules, headers: headers as HeaderForm });
    expect(() => make('draft-6')).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: 'limiter.headers: expected "none" | "draft-11" | "draft-7", got a string of 7 characters' }));
  });
});

describe('the parser that these tests use', () => {
  it.each(['', '"a" ', 'a;q=1', '"a";q=1,', '"a";q=1.5', '"a";q="1"', '"a";Q=1', '"a" "b"', '"a";q=', '"\u00e9";q=1', '"a";q=1234567890123456', ',"a"'])('refuses %j', (field) => {
    expect(() => parseStringList(field)).toThrow(SyntaxError);
  });

  it('reads what the standard allows', () => {
    expect(parseStringList('"a\\"b";q=1;w=-2 ,\t"c"')).toEqual([{ value: 'a"b', parameters: { q: 1, w: -2 } }, { value: 'c', parameters: {} }]);
  });
});
