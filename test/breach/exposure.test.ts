import { describe, expect, it } from 'vitest';
import { answer, apiKey, email, exposureSetup, leak, notFound } from './exposure-setup.ts';

const model = {
  Name: 'Adobe', Title: 'Adobe', Domain: 'adobe.com', BreachDate: '2013-10-04', AddedDate: '2013-12-04T00:00:00Z', PwnCount: 152_445_165,
  Description: 'In October 2013 ...', DataClasses: ['Email addresses', 'Password hints', 'Passwords', 'Usernames'], IsVerified: true,
};

describe('asking whether an address is in a leak', () => {
  it('answers the leaks that it is in', async () => {
    const { source, answers } = await exposureSetup();
    answers(answer(200, '[{"Name":"Adobe"},{"Name":"Gawker"},{"Name":"Stratfor"}]'));
    expect(await source.check({ email })).toEqual({ verdict: 'exposed', breaches: [{ name: 'Adobe' }, { name: 'Gawker' }, { name: 'Stratfor' }] });
  });

  it('answers clean when the service does not know it', async () => {
    const { source, answers } = await exposureSetup();
    answers(notFound);
    expect(await source.check({ email })).toEqual({ verdict: 'clean' });
  });

  it('sends what the service asks for, and nothing else of ours', async () => {
    const { source, requests } = await exposureSetup();
    await source.check({ email: ' Jane+list@Example.COM ' });
    const [{ method, path, headers }] = requests as [(typeof requests)[0]];
    expect([method, path]).toEqual(['GET', '/api/v3/breachedaccount/Jane%2Blist%40Example.COM']);
    expect(headers).toEqual({ host: expect.any(String) as string, connection: 'keep-alive', 'hibp-api-key': apiKey, 'user-agent': 'mailing-list.example', accept: 'application/json' });
  });

  it('asks for dates and kinds of data only where they are wanted', async () => {
    const { source, requests, answers } = await exposureSetup({ details: true });
    const spam = { ...model, Name: 'A spam list', BreachDate: '2019-02-25', DataClasses: ['Email addresses'] };
    const old = { ...model, Name: 'Old ones', DataClasses: ['Historical passwords'] };
    answers(answer(200, JSON.stringify([model, spam, old])));
    expect(await source.check({ email })).toEqual({
      verdict: 'exposed',
      breaches: [
        { name: 'Adobe', dateMs: Date.UTC(2013, 9, 4), exposesPasswords: true },
        { name: 'A spam list', dateMs: Date.UTC(2019, 1, 25), exposesPasswords: false },
        { name: 'Old ones', dateMs: Date.UTC(2013, 9, 4), exposesPasswords: true },
      ],
    });
    expect(requests[0]?.path).toMatch(/%40hibp-integration-tests\.com\?truncateResponse=false$/);
  });

  it.each<readonly [string, object]>([
    ['a date that is none', { BreachDate: '2013-13-45', DataClasses: ['Passwords'] }],
    ['a date of another form', { BreachDate: 'last year' }],
    ['a date that is a number', { BreachDate: 20_131_004 }],
    ['kinds of data that are no list', { DataClasses: 'Passwords' }],
    ['a hostile prototype', JSON.parse('{"__proto__":{"BreachDate":"2013-10-04"}}') as object],
  ])('leaves out what it cannot read: %s', async (_, fields) => {
    const { source, answers } = await exposureSetup({ details: true });
    answers(answer(200, JSON.stringify([{ Name: 'Adobe', ...fields }])));
    const verdict = await source.check({ email });
    expect(verdict).toMatchObject({ verdict: 'exposed', breaches: [{ name: 'Adobe' }] });
    expect(verdict).not.toHaveProperty('breaches.0.dateMs');
  });

  it('keeps of a name what can be shown, and no more than 128 characters of it', async () => {
    const { source, answers } = await exposureSetup();
    answers(answer(200, JSON.stringify([{ Name: ` Ado\u202Ebe\r\n${'x'.repeat(10_000)}` }])));
    expect(await source.check({ email })).toEqual({ verdict: 'exposed', breaches: [{ name: `Adobe${'x'.repeat(123)}` }] });
  });
});

// ASVS 5.0 1.2.2: what is put into a path is encoded for it.
describe('what cannot be an address', () => {
  it.each<readonly [string, unknown]>([
    ['nothing', undefined], ['null', null], ['a number', 5], ['an object', { toString: () => email }], ['an empty text', ''], ['a name', 'jane'], ['only a domain', '@example.com'],
    ['no domain', 'jane@'], ['a step up', '../../subscription/status'], ['a NUL', 'jane\0@example.com'], ['a line feed', 'jane@example.com\r\nhost: evil.example'],
    ['half a character', 'jane\uD800@example.com'], ['10 MB', `${'a'.repeat(10_000_000)}@example.com`],
  ])('is not asked for: %s', async (_, given) => {
    const { source, requests } = await exposureSetup();
    expect(await source.check({ email: given as string })).toEqual({ verdict: 'unknown', reason: 'invalid-input' });
    expect(requests).toEqual([]);
  });

  it.each(['a/../b@example.com', 'a?b=c#d@example.com', '"a b"@example.com', 'jürgen@bücher.example', 'a%2F..@example.com'])('is told from what looks odd: %s is one segment of the path', async (odd) => {
    const { source, requests } = await exposureSetup();
    expect(await source.check({ email: odd })).toEqual({ verdict: 'clean' });
    expect(requests.map(({ path }) => path)).toEqual([`/api/v3/breachedaccount/${encodeURIComponent(odd)}`]);
  });
});

describe('the line of a key', () => {
  it('lets one request out at a time, a little slower than the key allows', async () => {
    const { source, requests, settled } = await exposureSetup({ requestsPerMinute: 60 });
    const verdicts = await settled(Promise.all(Array.from({ length: 5 }, () => source.check({ email }))), 50);
    expect(verdicts).toEqual(Array(5).fill({ verdict: 'clean' }));
    const gaps = requests.slice(1).map(({ atMs }, index) => atMs - (requests[index]?.atMs ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_050);
  });

  it('has an end: of a thousand at once those beyond it are told so at once, and the others are answered', async () => {
    const { source, requests, answers, settled } = await exposureSetup({ requestsPerMinute: 10_000 });
    answers(leak);
    const all = Array.from({ length: 1_000 }, () => source.check({ email }));
    const verdicts = await settled(Promise.all(all), 50);
    expect(verdicts.filter(({ verdict }) => verdict === 'exposed')).toHaveLength(101);
    expect(verdicts.filter((each) => each.verdict === 'unknown' && each.reason === 'overloaded')).toHaveLength(899);
    expect(requests).toHaveLength(101);
  });

  it('has no more than eight under way', async () => {
    const { source, requests, requestsAre, answers, clock } = await exposureSetup({ requestsPerMinute: 10_000, deadlineMs: 60_000 });
    answers(() => undefined);
    const all = Array.from({ length: 20 }, () => source.check({ email }));
    for (let rounds = 0; rounds < 30; rounds += 1) await clock.advance(10);
    await requestsAre(8);
    answers(notFound);
    for (const { response } of requests.slice()) response.writeHead(404).end();
    for (let rounds = 0; rounds < 300 && requests.length < 20; rounds += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await clock.advance(10);
    }
    expect(await Promise.all(all)).toEqual(Array(20).fill({ verdict: 'clean' }));
  });

  it('is left by whoever gives up, and no address of theirs goes out', async () => {
    const { source, requests, clock } = await exposureSetup();
    await source.check({ email });
    const stop = new AbortController();
    const waiting = source.check({ email: 'never@example.com', signal: stop.signal });
    const patient = source.check({ email: 'patient@example.com' });
    stop.abort();
    expect(await waiting).toEqual({ verdict: 'unknown', reason: 'aborted' });
    await clock.advance(6_300);
    expect(await patient).toEqual({ verdict: 'clean' });
    expect(requests.map(({ path }) => path)).not.toContainEqual(expect.stringContaining('never'));
  });

  it('is not entered by who has given up already', async () => {
    const { source, requests, settled } = await exposureSetup();
    expect(await source.check({ email, signal: AbortSignal.abort() })).toEqual({ verdict: 'unknown', reason: 'aborted' });
    const stop = new AbortController();
    const answered = source.check({ email, signal: stop.signal });
    stop.abort();
    expect(await answered).toEqual({ verdict: 'unknown', reason: 'aborted' });
    expect(await settled(source.check({ email: 'patient@example.com' }))).toEqual({ verdict: 'clean' });
    expect(requests.map(({ path }) => path)).toEqual(['/api/v3/breachedaccount/patient%40example.com']);
  });
});
