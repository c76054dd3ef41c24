import fc from 'fast-check';
import { haveIBeenPwnedAccounts, exposureDefaults, type ExposureOptions } from 'portcullis/breach';
import { describe, expect, it, vi } from 'vitest';
import { answer, apiKey, email, exposureSetup, leak, minuteMs, notFound, silence, type Answer } from './exposure-setup.ts';
import { turnsPass } from './setup.ts';

const page = '<!doctype html><title>Just a moment...</title>';
const html = { 'content-type': 'text/html; charset=utf-8' };
const reset: Answer = (response) => response.destroy();
const cut: Answer = (response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('[{"Name":"Adobe"},', () => setImmediate(() => response.destroy()));
};
const cutByClose: Answer = (response) => {
  response.socket?.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n[{"Name":"Adobe"},');
};
const megabytes = (status: number, type: string): Answer => (response) => {
  response.on('error', () => undefined);
  response.writeHead(status, { 'content-type': type });
  const part = Buffer.alloc(1_000_000, 'x');
  for (let sent = 0; sent < 10; sent += 1) response.write(part);
  response.end();
};

/** What the service may do, what comes of it, and how often it is asked. */
const faults: readonly (readonly [string, Answer, string, number])[] = [
  ['a 400', answer(400, '{"message":"bad"}'), 'invalid-input', 1],
  ['a 401', answer(401, '{"message":"Access denied due to invalid hibp-api-key."}'), 'key-refused', 1],
  ['a 403', answer(403), 'forbidden', 1],
  ['a 403 that is a page', answer(403, page, html), 'forbidden', 1],
  ['a 418', answer(418), 'bad-status', 1],
  ['a 429', answer(429, '{"statusCode":429}', { 'retry-after': '2' }), 'rate-limited', 3],
  ['a 429 without a time', answer(429), 'rate-limited', 3],
  ['a 500', answer(500), 'bad-status', 3],
  ['a 503 that is a page', answer(503, page, html), 'bad-status', 3],
  ['a redirect to the same path', (response, { path }) => response.writeHead(301, { location: path }).end(), 'bad-status', 1],
  ['a redirect to another host', answer(302, '', { location: 'http://169.254.169.254/latest/meta-data' }), 'bad-status', 1],
  ['a 204', answer(204), 'bad-status', 1],
  ['no answer', silence, 'timeout', 3],
  ['half an answer and then nothing', (response) => response.write('[{"Name":'), 'timeout', 3],
  ['the end of the connection', reset, 'unreachable', 3],
  ['the end of the connection in the middle', cut, 'cut-off', 3],
  ['half an answer that ends like a whole one', cutByClose, 'not-a-breach-list', 1],
  ['a page', answer(200, page, html), 'not-a-breach-list', 1],
  ['a 404 that is a page', answer(404, page, html), 'not-the-service', 1],
  ['10 MB', megabytes(200, 'application/json'), 'too-large', 1],
  ['a 404 of 10 MB', megabytes(404, 'application/json'), 'too-large', 1],
  ['a 500 of 10 MB', megabytes(500, 'application/json'), 'bad-status', 3],
  ['no text', answer(200), 'not-a-breach-list', 1],
  ['an empty list', answer(200, '[]'), 'not-a-breach-list', 1],
  ['no list', answer(200, '{"Name":"Adobe"}'), 'not-a-breach-list', 1],
  ['null', answer(200, 'null'), 'not-a-breach-list', 1],
  ['a count', answer(200, '3'), 'not-a-breach-list', 1],
  ['true', answer(200, 'true'), 'not-a-breach-list', 1],
  ['a list of names', answer(200, '["Adobe"]'), 'not-a-breach-list', 1],
  ['a list of nothing', answer(200, '[null]'), 'not-a-breach-list', 1],
  ['a leak without a name', answer(200, '[{"Name":"Adobe"},{"Title":"Gawker"}]'), 'not-a-breach-list', 1],
  ['a name that is none', answer(200, '[{"Name":["Adobe"]}]'), 'not-a-breach-list', 1],
  ['a name that cannot be seen', answer(200, '[{"Name":"\\u202e\\n"}]'), 'not-a-breach-list', 1],
  ['more leaks than there are', answer(200, JSON.stringify(Array(10_001).fill({ Name: 'a' }))), 'not-a-breach-list', 1],
  ['a tower of brackets', answer(200, '['.repeat(500_000)), 'not-a-breach-list', 1],
];

// ASVS 5.0 13.1.3, 16.5.2: trouble is neither guilt nor innocence.
describe('a service in trouble', () => {
  it.each(faults)('leads to unknown: %s', async (_, fault, reason, times) => {
    const { source, requests, answers, settled } = await exposureSetup();
    answers(fault);
    expect(await settled(source.check({ email }), 5_000)).toEqual({ verdict: 'unknown', reason });
    expect(requests).toHaveLength(times);
  });

  it.each(faults.filter(([, , , times]) => times > 1))('is asked again, and believed: %s', async (_, fault) => {
    const { source, requests, answers, settled } = await exposureSetup();
    answers(fault, fault, leak);
    expect(await settled(source.check({ email }), 5_000)).toEqual({ verdict: 'exposed', breaches: [{ name: 'Adobe' }] });
    expect(requests).toHaveLength(3);
  });

  it('leads to unknown when nobody listens there', async () => {
    const { source, settled } = await exposureSetup({ baseUrl: 'http://127.0.0.1:9/' });
    expect(await settled(source.check({ email }))).toEqual({ verdict: 'unknown', reason: 'unreachable' });
  });

  it('has the deadline for each request, counted from when it was sent', async () => {
    const { source, answers, requestsAre, clock } = await exposureSetup({ deadlineMs: 3_000, requestsPerMinute: 10_000 });
    answers(silence);
    const settled = vi.fn();
    void source.check({ email }).then(settled);
    for (const [request, backoffMs] of [[1, 1_000], [2, 2_000]] as const) {
      await requestsAre(request);
      await clock.advance(2_999);
      await clock.advance(1);
      await clock.advance(backoffMs - 1);
      await requestsAre(request);
      await clock.advance(1);
    }
    await requestsAre(3);
    await clock.advance(2_999);
    await turnsPass();
    expect(settled).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(settled).toHaveBeenCalledWith({ verdict: 'unknown', reason: 'timeout' });
  });

  it('gets its connection closed when a caller gives up', async () => {
    const { source, answers, requests, requestsAre } = await exposureSetup();
    answers(silence);
    const stop = new AbortController();
    const waiting = source.check({ email, signal: stop.signal });
    await requestsAre(1);
    stop.abort();
    expect(await waiting).toEqual({ verdict: 'unknown', reason: 'aborted' });
    await vi.waitFor(() => {
      expect(requests[0]?.response.destroyed).toBe(true);
    });
  });

  it('is left alone for 1 s, 2, 4 and so on, and for a minute at most', async () => {
    const { source, answers, requests, settled } = await exposureSetup({ requestsPerMinute: 10_000 });
    answers(answer(403));
    for (let round = 0; round < 9; round += 1) await settled(source.check({ email }), 500);
    const gaps = requests.slice(1).map(({ atMs }, index) => atMs - (requests[index]?.atMs ?? 0));
    expect(gaps.map((gap, index) => gap >= Math.min(1_000 * 2 ** index, minuteMs) && gap <= Math.min(1_000 * 2 ** index, minuteMs) + 500)).toEqual(Array(8).fill(true));
  });

  it('is as fast as before once it is well again', async () => {
    const { source, answers, requests, settled } = await exposureSetup({ requestsPerMinute: 600 });
    answers(answer(403), answer(403), notFound);
    for (let round = 0; round < 5; round += 1) await settled(source.check({ email }), 50);
    const lastGap = (requests[4]?.atMs ?? 0) - (requests[3]?.atMs ?? 0);
    expect(lastGap).toBeLessThanOrEqual(200);
  });
});

// RFC 9110 10.2.3
describe('retry-after', () => {
  const start = Date.UTC(2026, 0, 1);
  it.each<readonly [string, string | undefined, number]>([
    ['seconds', '17', 17_000],
    ['a date', new Date(start + 40_000).toUTCString(), 40_000],
    ['a date that is past', new Date(start - 40_000).toUTCString(), 105],
    ['nothing', undefined, minuteMs],
    ['an empty header', '', minuteMs],
    ['nonsense', 'soon', minuteMs],
    ['a negative number', '-5', minuteMs],
    ['a fraction', '1.5', minuteMs],
    ['no date', 'Someday, 99 Foo 2026 99:99:99 GMT', minuteMs],
    ['an hour', '3600', 5 * minuteMs],
    ['a number without end', '9'.repeat(60), 5 * minuteMs],
    ['a date in a thousand years', 'Mon, 01 Jan 3026 00:00:00 GMT', 5 * minuteMs],
    ['zero', '0', 105],
  ])('stops the whole line as long as it says: %s', async (_, header, waitMs) => {
    const { source, answers, requests, requestsAre, clock } = await exposureSetup({ requestsPerMinute: 600 });
    answers(answer(429, '', header === undefined ? {} : { 'retry-after': header }), notFound);
    const checks = [source.check({ email: 'one@example.com' }), source.check({ email: 'two@example.com' })];
    await requestsAre(1);
    await clock.advance(waitMs - 1);
    await requestsAre(1);
    await clock.advance(1);
    await requestsAre(2);
    // Who has been there already goes first.
    expect(requests[1]?.path).toContain('one');
    await clock.advance(105);
    expect(await Promise.all(checks)).toEqual(Array(2).fill({ verdict: 'clean' }));
  });

  it('of a 503 is heard too', async () => {
    const { source, answers, requestsAre, clock } = await exposureSetup({ requestsPerMinute: 600 });
    answers(answer(503, '', { 'retry-after': '30' }), notFound);
    const check = source.check({ email });
    await requestsAre(1);
    await clock.advance(29_999);
    await requestsAre(1);
    await clock.advance(1);
    expect(await check).toEqual({ verdict: 'clean' });
  });
});

describe('whatever the service answers', () => {
  it('is a verdict of three, and only a list of leaks is guilt', async () => {
    const { source, answers, settled } = await exposureSetup({ requestsPerMinute: 10_000, details: true });
    const entry = fc.record({ Name: fc.oneof(fc.string(), fc.anything()), BreachDate: fc.oneof(fc.string(), fc.anything()), DataClasses: fc.anything() });
    await fc.assert(fc.asyncProperty(fc.oneof(fc.json(), fc.string(), fc.array(entry).map((list) => JSON.stringify(list))), async (body) => {
      answers(answer(200, body));
      const verdict = await settled(source.check({ email }), 5_000);
      expect(['exposed', 'unknown']).toContain(verdict.verdict);
      if (verdict.verdict !== 'exposed') return;
      expect(Array.isArray(JSON.parse(body))).toBe(true);
      expect(verdict.breaches.every(({ name, dateMs = 0, exposesPasswords = false }) => name !== '' && Number.isFinite(dateMs) && typeof exposesPasswords === 'boolean')).toBe(true);
    }), { numRuns: 100 });
  });
});

// ASVS 5.0 16.2.5, 14.2.1
describe('the address and the key', () => {
  it('are in no verdict, whatever the trouble is', async () => {
    const { source, answers, settled } = await exposureSetup({ requestsPerMinute: 10_000 });
    for (const [, fault] of faults) {
      answers(fault);
      const told = JSON.stringify(await settled(source.check({ email }), 5_000));
      expect(told).not.toContain('hibp-integration-tests');
      expect(told).not.toContain(apiKey);
    }
  }, 60_000);

  it('are not in the source: whoever logs it logs its name', () => {
    const source = haveIBeenPwnedAccounts({ apiKey, userAgent: 'x' });
    expect(JSON.stringify(source)).toBe('{"name":"have-i-been-pwned"}');
    expect(Object.isFrozen(source)).toBe(true);
  });

  it('are not written to the console', async () => {
    const consoles = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => vi.spyOn(console, name));
    const { source, answers, settled } = await exposureSetup();
    answers(answer(401), reset);
    for (let round = 0; round < 2; round += 1) await settled(source.check({ email }), 5_000);
    expect(consoles.map((spy) => spy.mock.calls)).toEqual(consoles.map(() => []));
    vi.restoreAllMocks();
  });
});

describe('a wrong option of the source', () => {
  const right = { apiKey, userAgent: 'mailing-list.example' };
  it.each<readonly [unknown, string]>([
    [undefined, 'haveIBeenPwnedAccounts.apiKey: expected 32 hexadecimal digits, got nothing'],
    [{ ...right, apiKey: `${apiKey}\n` }, 'haveIBeenPwnedAccounts.apiKey: expected 32 hexadecimal digits, got a string of 33 characters'],
    [{ ...right, apiKey: 'undefined' }, 'haveIBeenPwnedAccounts.apiKey: expected 32 hexadecimal digits, got a string of 9 characters'],
    [{ apiKey }, 'haveIBeenPwnedAccounts.userAgent: expected a non-empty string, got nothing'],
    [{ ...right, userAgent: 'a\r\nb: c' }, 'haveIBeenPwnedAccounts.userAgent: expected 1 to 256 printable ASCII characters, got a string of 7 characters'],
    [{ ...right, baseUrl: 'http://a.example' }, 'haveIBeenPwnedAccounts.baseUrl: expected https: (ASVS 5.0 13.2.4); http: needs dangerouslyAllowHttp'],
    [{ ...right, baseUrl: 'https://user:secret@a.example' }, 'haveIBeenPwnedAccounts.baseUrl: expected an https: address without credentials, query or fragment'],
    [{ ...right, requestsPerMinute: 0 }, 'haveIBeenPwnedAccounts.requestsPerMinute: expected a whole number from 1 to 10000, got 0'],
    [{ ...right, deadlineMs: 60_001 }, 'haveIBeenPwnedAccounts.deadlineMs: expected a whole number from 100 to 60000, got 60001'],
    [{ ...right, details: 'yes' }, 'haveIBeenPwnedAccounts.details: expected true or false, got a string of 3 characters'],
    [{ ...right, key: apiKey }, 'haveIBeenPwnedAccounts.key: unknown option'],
    [{ ...right, clock: {} }, 'haveIBeenPwnedAccounts.clock: expected an object with nowMs(), monotonicMs(), after()'],
  ])('stops the app at start: %o', (options, message) => {
    expect(() => haveIBeenPwnedAccounts(options as ExposureOptions)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining(message) as string }));
  });

  it('is not what is absent', () => {
    expect(exposureDefaults).toEqual({ baseUrl: 'https://haveibeenpwned.com/api/v3', dangerouslyAllowHttp: false, requestsPerMinute: 10, deadlineMs: 10_000, details: false });
    expect(Object.isFrozen(exposureDefaults)).toBe(true);
  });
});
