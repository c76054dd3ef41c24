import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { mailSink, openAlarmText, slackSink, webhookSink, webhookSinkDefaults, type AlarmFetch, type AlarmView, type WebhookSinkOptions } from 'portcullis/detect';
import { createKeyRing } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { selfSigned } from '../fixtures/self-signed.ts';
import { alarm, keys, newSecret, oldSecret, receiver, setup, stuffing, type Received } from '../support.ts';

const secrets = [newSecret];
const never = new AbortController().signal;

function hook(url: string, options: Partial<WebhookSinkOptions> = {}) {
  return webhookSink({ url, secrets, keys, ...options });
}

interface Payload {
  readonly type: string;
  readonly timestamp: string;
  readonly data: AlarmView;
}

function payloadOf(received: Received | undefined): Payload {
  return JSON.parse(received?.body ?? '') as Payload;
}

describe('the webhook sink', () => {
  it('posts one signed JSON message, which the reference library of Standard Webhooks accepts', async () => {
    const { url, received } = await receiver();
    await hook(url).send(stuffing, never);
    const [request] = received;
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'portcullis', 'webhook-id': expect.stringMatching(/^msg_[\w-]{22}$/) as string });
    const verified = new Webhook(newSecret).verify(request?.body ?? '', request?.headers as Record<string, string>);
    expect(verified).toMatchObject({ type: 'portcullis.alarm', timestamp: '2026-01-01T02:14:35.000Z', data: { kind: 'stuffing', oat: 'OAT-008', level: 'attack', count: 12_345 } });
    expect(() => new Webhook(newSecret).verify(`${request?.body ?? ''} `, request?.headers as Record<string, string>)).toThrow('No matching signature');
    expect(() => new Webhook(oldSecret).verify(request?.body ?? '', request?.headers as Record<string, string>)).toThrow('No matching signature');
  });

  it('signs id, seconds and body as the specification says', async () => {
    const { url, received } = await receiver();
    await hook(url, { clock: fakeClock(1_700_000_000_999) }).send(stuffing, never);
    const { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': signature } = received[0]?.headers ?? {};
    expect(seconds).toBe('1700000000');
    const key = Buffer.from(newSecret.slice('whsec_'.length), 'base64');
    expect(signature).toBe(`v1,${createHmac('sha256', key).update(`${String(id)}.1700000000.${received[0]?.body ?? ''}`).digest('base64')}`);
  });

  it('signs with every secret while they are rotated, so that receivers may know either', async () => {
    const { url, received } = await receiver();
    await hook(url, { secrets: [newSecret, oldSecret] }).send(stuffing, never);
    for (const secret of [newSecret, oldSecret]) expect(new Webhook(secret).verify(received[0]?.body ?? '', received[0]?.headers as Record<string, string>)).toMatchObject({ type: 'portcullis.alarm' });
    expect(String(received[0]?.headers['webhook-signature']).split(' ')).toHaveLength(2);
  });

  it('names a message alike however often it is tried, and signs it anew each time; a newer state is another message', async () => {
    const { url, received } = await receiver((response, turn) => response.writeHead(turn < 3 ? 503 : 204).end());
    const clock = fakeClock();
    const { sender } = setup([hook(url, { clock })], { clock });
    sender.send(stuffing);
    for (let turn = 1; turn <= 3; turn += 1) await vi.waitFor(async () => {
      await clock.advance(2_000);
      expect(received.length).toBeGreaterThanOrEqual(turn);
    }, { timeout: 10_000 });
    expect(new Set(received.map(({ headers, body }) => `${String(headers['webhook-id'])} ${body}`)).size).toBe(1);
    expect(new Set(received.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(3);
    sender.send({ ...stuffing, count: 20_000 });
    await clock.advance(0);
    await sender.close(5_000);
    const ids = received.map(({ headers }) => headers['webhook-id']);
    expect(ids[3]).not.toBe(ids[0]);
    expect(payloadOf(received[3]).data.id).toBe(payloadOf(received[0]).data.id);
  });
});

// ASVS 5.0 16.2.5: outside the process networks are sealed and accounts are digests.
describe('what a webhook tells of whom', () => {
  it('is no network, no account and no word of a detector in the clear', async () => {
    const { url, received } = await receiver();
    await hook(url).send(stuffing, never);
    const body = received[0]?.body ?? '';
    expect(body).not.toMatch(/203\.0\.113|2001:db8|user-4711|ann@|example\.com|tries stolen/);
    expect(payloadOf(received[0]).data).toMatchObject({
      revealed: false,
      summary: '12,345 attempts since 2026-01-01 02:13 UTC from 3 networks against 9,310 accounts or names; 2 accounts were entered.',
      accounts: { total: 9_310, ids: [`tag:${keys.digest('account', 'user-4711')}`, `tag:${keys.digest('account', 'ann@example.com')}`] },
      evidence: { ratePerMinute: 8_200.5, usualPerMinute: 12 },
    });
  });

  it('can be opened by the owner of the keys, and by nobody else', async () => {
    const { url, received } = await receiver();
    await hook(url).send(stuffing, never);
    const { sources, cause, entered } = payloadOf(received[0]).data;
    expect(sources.map((source) => openAlarmText(keys, source))).toEqual(stuffing.sources.map((text) => ({ ok: true, text })));
    expect(openAlarmText(keys, cause)).toEqual({ ok: true, text: '203.0.113.0/24' });
    // One network has one name within a message.
    expect(entered.map(({ source }) => source)).toEqual(sources.slice(0, 2));
    // By its length a sealed network tells nothing.
    expect(new Set(sources.map(({ length }) => length)).size).toBe(1);
    const stranger = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from('fedcba9876543210fedcba9876543210') }] });
    expect(openAlarmText(stranger, cause)).toEqual({ ok: false, reason: 'tampered' });
  });

  it('is nothing of what an alarm holds in words, by webhook, Slack or mail, whatever it is', async () => {
    const word = fc.stringMatching(/^q7[a-h0-9]{12,30}$/);
    const told = fc.record({ id: word, cause: word, summary: word, sources: fc.array(word, { maxLength: 20 }), ids: fc.array(word, { maxLength: 100 }), entered: fc.array(word, { maxLength: 50 }), evidence: word });
    await fc.assert(fc.asyncProperty(told, async ({ id, cause, summary, sources, ids, entered, evidence }) => {
      const out: string[] = [];
      const fetch: AlarmFetch = async (_url, { body, headers }) => {
        out.push(body, JSON.stringify(headers));
        return { status: 200, headers: new Headers() };
      };
      const url = 'https://hooks.example.com/';
      const sinks = [hook(url, { fetch }), slackSink({ url, keys, fetch }), mailSink({ send: async (mail) => void out.push(JSON.stringify(mail)), to: 'on-call@example.com', keys })];
      const given = { ...stuffing, id, cause, summary, sources, accounts: { total: ids.length, ids }, entered: entered.map((accountId) => ({ accountId, atMs: 0, source: accountId, knownDevice: false, passwordOnly: true })), evidence: { test: evidence, rate: 5 } };
      for (const sink of sinks) await sink.send(given, never);
      expect(out).toHaveLength(5);
      expect([id, cause, summary, evidence, ...sources, ...ids, ...entered].filter((text) => out.some((message) => message.includes(text)))).toEqual([]);
    }), { numRuns: 50 });
  });

  it('is everything where the app says so', async () => {
    const { url, received } = await receiver();
    await webhookSink({ url, secrets, reveal: true }).send(stuffing, never);
    const { entered, ...rest } = stuffing;
    const { sinceMs: _sinceMs, lastMs: _lastMs, ...told } = rest;
    expect(payloadOf(received[0]).data).toEqual({
      ...told, next: expect.stringContaining('Contain the accounts') as unknown, since: '2026-01-01T02:13:00.000Z', last: '2026-01-01T02:14:35.000Z', revealed: true,
      entered: entered.map(({ accountId, atMs, ...more }) => ({ account: accountId, at: new Date(atMs).toISOString(), ...more })),
    });
  });
});

describe('a receiver in trouble', () => {
  it.each([
    [200, undefined], [204, undefined],
    [301, 'give-up'], [302, 'give-up'], [400, 'give-up'], [401, 'give-up'], [404, 'give-up'],
    [408, 'again'], [425, 'again'], [429, 'again'], [500, 'again'], [503, 'again'],
    [410, 'stop'],
  ])('that answers %i is dealt with by that: %s', async (status, retry) => {
    const { url } = await receiver((response) => response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end());
    const sent = (async () => hook(url).send(stuffing, never))();
    if (retry === undefined) await expect(sent).resolves.toBeUndefined();
    else await expect(sent).rejects.toMatchObject({ retry, code: `HTTP_${status}` });
  });

  it.each([['7', 7_000], ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000], ['-1', 0], ['soon', 0], ['1e9', 0], ['Thu, 01 Jan 2020 00:00:00 GMT', 0]])('is left alone for as long as it says: %s', async (header, retryAfterMs) => {
    const { url } = await receiver((response) => response.writeHead(429, { 'retry-after': header }).end());
    await expect(hook(url, { clock: fakeClock() }).send(stuffing, never)).rejects.toMatchObject({ retry: 'again', retryAfterMs });
  });

  // ASVS 5.0 15.3.2: a redirect would take the message, and what signs it, to whatever it names.
  it('cannot send the message elsewhere by a redirect', async () => {
    const inside = await receiver();
    for (const location of [inside.url, 'http://169.254.169.254/latest/meta-data/']) {
      const { url, received } = await receiver((response) => response.writeHead(307, { location }).end());
      await expect(hook(url).send(stuffing, never)).rejects.toMatchObject({ retry: 'give-up', code: 'HTTP_307' });
      expect(received).toHaveLength(1);
    }
    expect(inside.received).toEqual([]);
  });

  it.each([
    ['ten megabytes', Buffer.alloc(10_000_000)],
    ['a body that never ends', undefined],
  ])('is believed by its status, and its connection closed, while it answers with %s', async (_, body) => {
    const closed = vi.fn();
    const { url } = await receiver((response) => {
      response.on('close', closed).writeHead(200);
      if (body === undefined) response.write('x');
      else response.end(body);
    });
    await hook(url).send(stuffing, never);
    await vi.waitFor(() => { expect(closed).toHaveBeenCalled(); }, { timeout: 10_000 });
  });

  it.each([
    ['never answers', () => undefined],
    ['sends its head byte by byte and never ends it', (socket: import('node:net').Socket | null) => void socket?.write('HTTP/1.1 200 OK\r\nx-slow: ')],
  ])('that %s is given up at the deadline, and its connection closed', async (_, act) => {
    const clock = fakeClock();
    const closed = vi.fn();
    const { url, received } = await receiver((response) => {
      response.socket?.on('close', closed);
      act(response.socket);
    });
    const { sender, events } = setup([hook(url)], { clock });
    sender.send(stuffing);
    await vi.waitFor(() => { expect(received).toHaveLength(1); }, { timeout: 10_000 });
    await clock.advance(10_000);
    await vi.waitFor(() => { expect(closed).toHaveBeenCalled(); }, { timeout: 10_000 });
    expect(events).toEqual([{ type: 'alarm.sink-failed', sink: 'webhook', error: 'late', dropped: 0 }]);
  });

  it('that resets the connection is tried again', async () => {
    const clock = fakeClock();
    const { url, received } = await receiver((response, turn) => (turn === 1 ? response.socket?.resetAndDestroy() : response.writeHead(204).end()));
    const { sender, events } = setup([hook(url)], { clock });
    sender.send(stuffing);
    await vi.waitFor(async () => {
      await clock.advance(1_000);
      expect(received).toHaveLength(2);
    }, { timeout: 10_000 });
    expect(await sender.close(5_000)).toBe(0);
    expect(events).toMatchObject([{ type: 'alarm.sink-failed', error: expect.stringMatching(/UND_ERR_SOCKET|ECONNRESET/) as string }]);
  });

  it('whose certificate nobody vouches for gets nothing', async () => {
    const got = vi.fn();
    const server = createTlsServer(selfSigned, got);
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    onTestFinished(() => void server.close());
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await expect(hook(url).send(stuffing, never)).rejects.toMatchObject({ code: expect.stringMatching(/CERT/) as string });
    expect(got).not.toHaveBeenCalled();
  });

  it('that is not there costs nobody any time, however many alarms there are', async () => {
    const { url, server } = await receiver();
    server.close();
    const { sender, clock } = setup([hook(url)]);
    for (let number = 0; number < 1_000; number += 1) sender.send(alarm(number));
    await clock.advance(0);
    expect(sender.dropped().bySink).toEqual({ webhook: 900 });
  });
});

describe('a process that has alarms to send', () => {
  it.each([
    ['that were taken', (url: string) => url, 204],
    ['for a receiver that is not there', () => 'http://127.0.0.1:1/', 204],
    ['for a receiver that is out of order', (url: string) => url, 503],
  ])('ends by itself, also with alarms %s', async (_, urlOf, status) => {
    const { url } = await receiver((response) => response.writeHead(status).end());
    const source = new URL('../../../src/detect/index.ts', import.meta.url).href;
    const script = `import { createAlarmSender, webhookSink } from '${source}';
      const sender = createAlarmSender({ sinks: [webhookSink({ url: '${urlOf(url)}', secrets: ['${newSecret}'], reveal: true })] });
      sender.send(${JSON.stringify(stuffing)});
      process.on('exit', () => console.log('ended'));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], { timeout: 60_000 });
    expect(stdout).toBe('ended\n');
  }, 60_000);
});

describe('the fetch that an app hands in', () => {
  it('is used under the same rules: no redirect, the signal, the status alone', async () => {
    const cancel = vi.fn(async () => { throw new Error('read already'); });
    const fetch = vi.fn<AlarmFetch>(async () => ({ status: 429, headers: new Headers({ 'retry-after': '3' }), body: { cancel } }));
    await expect(hook('https://hooks.example.com/a', { fetch }).send(stuffing, never)).rejects.toMatchObject({ retry: 'again', retryAfterMs: 3_000 });
    expect(fetch).toHaveBeenCalledWith('https://hooks.example.com/a', expect.objectContaining({ method: 'POST', redirect: 'manual', signal: never }));
    expect(cancel).toHaveBeenCalled();
  });

  it('may be the one of Node', async () => {
    const { url, received } = await receiver();
    await hook(url, { fetch }).send(stuffing, never);
    expect(new Webhook(newSecret).verify(received[0]?.body ?? '', received[0]?.headers as Record<string, string>)).toMatchObject({ type: 'portcullis.alarm' });
  });
});

describe('the options of the webhook sink', () => {
  const url = 'https://hooks.example.com/a';
  it.each([
    [{ url: 'http://hooks.example.com/a' }, /webhookSink\.url: expected https: \(ASVS 5\.0 12\.3\.1\); http: only to this machine/],
    [{ url: 'http://127.0.0.1.example.com/' }, /only to this machine/],
    [{ url: 'https://user:pass@hooks.example.com/' }, /without credentials or fragment, got a string of 36 characters/],
    [{ url: 'https://hooks.example.com/#a' }, /without credentials or fragment/],
    [{ url: 'file:///etc/passwd' }, /an https: address/],
    [{ url: `https://hooks.example.com/${'a'.repeat(2_048)}` }, /at most 2048 characters/],
    [{ url: 'no address' }, /an https: address/],
    [{ url: undefined }, /a non-empty string, got nothing/],
    [{ secrets: [] }, /webhookSink\.secrets: expected an array of 1 to 5 secrets, got an array of 0/],
    [{ secrets: 'whsec_a' }, /an array of 1 to 5 secrets/],
    [{ secrets: ['whsec_c2hvcnQ='] }, /secrets\[0\]: expected "whsec_" and the base64 of 24 to 64 random bytes .*, got a string of 14 characters/],
    [{ secrets: [newSecret.slice(6)] }, /secrets\[0\]: expected "whsec_"/],
    [{ secrets: [`whsec_${Buffer.alloc(32, 1).toString('base64')}`] }, /expected random bytes, got 32 times the same one/],
    [{ keys: undefined }, /webhookSink\.keys: expected what createKeyRing\(\) makes, or reveal: true, got nothing/],
    [{ name: 'a\nb' }, /webhookSink\.name: expected 1 to 64/],
    [{ fetch: {} }, /webhookSink\.fetch: expected a function/],
    [{ format: 'slack' }, /webhookSink\.format: unknown option/],
  ])('are refused where they are wrong, and never quoted: %#', (options, message) => {
    expect(() => webhookSink({ url, secrets, keys, ...options } as WebhookSinkOptions)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringMatching(message) as string }) as Error);
  });

  it.each(['http://localhost:3000/a', 'http://127.0.0.1/', 'http://[::1]:8080/'])('let plain HTTP reach this machine: %s', (local) => {
    expect(hook(local).name).toBe('webhook');
  });

  it('have defaults that can be read', () => {
    expect(webhookSinkDefaults).toEqual({ reveal: false, name: 'webhook' });
  });
});
