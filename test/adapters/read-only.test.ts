import { request as httpRequest, createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import * as ofExpress from 'portcullis/express';
import { guardUpgrade, type ReadOnlyGuardOptions, type ReadOnlyRouteOptions } from 'portcullis/express';
import * as ofFastify from 'portcullis/fastify';
import type { ReadOnlyLevel, ReadOnlyMode, ReadOnlyStrictness } from 'portcullis/read-only';
import { order, setup } from '../read-only/setup.ts';
import { frameworks, listening, type ReadOnlySetup } from './frameworks.ts';

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function listen(app: Parameters<typeof createServer>[1]): Promise<string> {
  server = createServer(app);
  return listening(server);
}

async function modeAt(level: ReadOnlyLevel, options: { readonly operators?: readonly string[] } = {}): Promise<ReadOnlyMode> {
  const { mode } = await setup(options);
  if (level !== 'off') await mode.set({ ...order, level });
  return mode;
}

/** Sends the target just as it is written: fetch would tidy it up. */
async function raw(url: string, target: string, { method = 'GET', headers = {}, body }: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {}): Promise<number> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, path: target, method, headers, agent: false }, (res) => {
      res.resume();
      resolve(res.statusCode ?? 0);
    });
    sent.once('error', reject).end(body);
  });
}

const exempt = ['POST /sign-in', 'POST /sign-out', '/health', 'DELETE /sessions/:id', '/incident/*'];
const sensitive = ['/export', 'GET /reports/:id/export', '/admin/keys/*'];

const headerOf = ({ headers }: Pick<IncomingMessage, 'headers'>, name: string): string | undefined => headers[name] as string | undefined;

describe.each(frameworks)('readOnlyGuard on %s', (name, framework) => {
  interface Around extends ReadOnlyRouteOptions, Partial<Omit<ReadOnlySetup, 'guard'>> {
    readonly level?: ReadOnlyLevel;
  }

  async function start({ level = 'writes', mode, rewrite, answered, byBodyToo, ...options }: Around = {}): Promise<string> {
    const around = { ...(rewrite !== undefined && { rewrite }), ...(answered !== undefined && { answered }), ...(byBodyToo !== undefined && { byBodyToo }) };
    return framework.startReadOnly({ mode: mode ?? await modeAt(level), guard: { exempt, sensitive, ...options }, ...around });
  }

  /** An address with a broken escape comes to no route of Fastify, and to no hook: 400. */
  const refusals = (target: string): readonly number[] => (name === 'Fastify' && /%(?![\da-f]{2})/i.test(target) ? [400] : [503]);

  // checklist 86; RFC 9110 15.6.4; RFC 9457
  it('refuses a write with 503, Retry-After, a header to read and a problem document', async () => {
    const { mode } = await setup();
    await mode.set({ ...order, reason: 'spam & <b>more</b>', forMs: 90_000 });
    const url = await start({ mode });
    const refused = await fetch(`${url}/contacts`, { method: 'POST', body: 'x'.repeat(100_000) });
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('cache-control'), refused.headers.get('content-type')]).toEqual([503, '90', 'no-store', 'application/problem+json']);
    expect(refused.headers.get('portcullis-read-only')).toBe('writes;until=@1767225690');
    expect(await refused.json()).toEqual({ type: 'urn:portcullis:read-only', title: 'Read-only for now', status: 503, detail: 'spam & <b>more</b>', level: 'writes', until: '2026-01-01T00:01:30.000Z' });
    const page = await (await fetch(`${url}/contacts`, { method: 'POST', headers: { accept: 'text/html' } })).text();
    expect(page).toContain('<p>spam &#38; &#60;b&#62;more&#60;/b&#62;</p>');
    expect(page).toContain('Planned until Thu, 01 Jan 2026 00:01:30 GMT.');
    expect(page + JSON.stringify([...refused.headers])).not.toContain('operator-1');
  });

  // RFC 9110 15.6.4; RFC 9457
  it.each(['application/json', 'text/html'])('says the same as a door that refuses by itself (%s)', async (accept) => {
    const app = await framework.startApp();
    onTestFinished(() => app.close());
    const forMs = 3_600_000;
    await app.portcullis.readOnly.set({ ...order, forMs });
    const guarded = await start({ mode: app.portcullis.readOnly });
    const seen = async (url: string) => {
      const { status, headers, ...response } = await fetch(url, { method: 'POST', headers: { accept }, body: new URLSearchParams({ email: 'ada@example.com', password: 'quiet marmots under tin roofs' }) }).then(async (found) => ({ status: found.status, headers: found.headers, body: await found.text() }));
      const told = ['cache-control', 'content-type', 'vary', 'x-content-type-options', 'portcullis-read-only'].map((name) => headers.get(name));
      return { status, told, ...response, later: Number(headers.get('retry-after')) > 3_500 };
    };
    const byDoor = await seen(`${app.url}/signup`);
    expect(byDoor).toEqual(await seen(`${guarded}/contacts`));
    expect(byDoor).toMatchObject({ status: 503, later: true, body: expect.stringContaining('spam is being sent') as string });
  });

  it('lets reads pass, and says on them too that the app is read-only', async () => {
    const url = await start();
    const read = await fetch(`${url}/contacts`);
    expect([read.status, read.headers.get('portcullis-read-only')]).toEqual([200, 'writes']);
    const open = await fetch(`${await start({ level: 'off' })}/contacts`, { method: 'POST' });
    expect([open.status, open.headers.get('portcullis-read-only')]).toEqual([200, null]);
  });

  it('shows the page of the app, and its own where that fails', async () => {
    const html = { method: 'POST', headers: { accept: 'text/html' } };
    const url = await start({ page: ({ level, reason }) => `<p>${level}: ${reason}</p>` });
    expect(await (await fetch(`${url}/contacts`, html)).text()).toBe('<p>writes: spam is being sent</p>');
    const failing = await start({ page: () => { throw new Error('template'); } });
    const answer = await fetch(`${failing}/contacts`, html);
    expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('<h1>Read-only for now</h1>')]);
  });

  it('answers what assertWritable throws behind a route in the same way', async () => {
    const mode = await modeAt('writes');
    const url = await start({ mode, labelOf: () => 'exempt' });
    const refused = await fetch(`${url}/import`, { method: 'POST', headers: { accept: 'application/json' } });
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('portcullis-read-only')]).toEqual([503, '60', 'writes']);
  });

  const levels: readonly ReadOnlyStrictness[] = ['sensitive', 'writes', 'all'];

  it.each(levels)('lets what is exempt pass at the level %s', async (level) => {
    const url = await start({ level });
    expect(await Promise.all([
      raw(url, '/sign-in', { method: 'POST' }), raw(url, '/sign-out?x=1', { method: 'POST' }), raw(url, '/health'), raw(url, '/health', { method: 'HEAD' }),
      raw(url, '/sessions/a%40b', { method: 'DELETE' }), raw(url, '/incident/lift/now', { method: 'PUT' }), raw(url, '/incident', { method: 'POST' }),
    ])).toEqual([200, 200, 200, 200, 200, 200, 200]);
  });

  it.each([
    ['PUT', '/sign-in'], ['POST', '/sign-in/'], ['POST', '//sign-in'], ['POST', '/Sign-In'], ['POST', '/sign-in/../contacts'], ['POST', '/sign%2din'], ['POST', '/incident/../contacts'],
    ['POST', '/incident/%2e%2e/contacts'], ['POST', '/incident/..%2fcontacts'], ['POST', '/incident//contacts'], ['POST', '/incident/..\\contacts'], ['DELETE', '/sessions/a/b'], ['DELETE', '/sessions/'],
    ['DELETE', '/sessions/a%2Fb'], ['DELETE', '/sessions/%2e%2e'], ['DELETE', '/sessions/..'], ['POST', '/sign-in%00'], ['POST', '/sign-in%'], ['POST', 'http://other.example/sign-in'], ['POST', '/health/x'], ['POST', '/sign-in#x'],
  ])('takes %s %s for no exempt route', async (method, target) => {
    expect(refusals(target)).toContain(await raw(await start(), target, { method }));
  });

  // checklist 30; RFC 9110 9.2.1
  it.each([
    '/export', '/export/', '/EXPORT', '//export', '/export?x=1', '/export#x', '/%65xport', '/%2565xport', '/./export', '/a/../export', '/a/%2e%2e/export', '/export%2f', '/export%3Fx', '/a\\..\\export',
    '/reports/5/export', '/reports/a%2Fb/export', '/Reports/5/Export/', '/reports/%/export', '/admin/keys', '/admin/keys/5/rotate', '/admin//keys', '/admin%2fkeys', '/admin\\keys', 'http://any.example/export',
  ])('knows the sensitive route in GET %s', async (target) => {
    const url = await start({ level: 'sensitive' });
    expect(refusals(target)).toContain(await raw(url, target));
    expect(refusals(target)).toContain(await raw(url, target, { method: 'HEAD' }));
  });

  it('leaves routes alone that only look alike', async () => {
    const url = await start({ level: 'sensitive' });
    expect(await Promise.all(['/exports', '/export/5', '/reports/export', '/admin', '/', '/contacts?next=/export'].map((target) => raw(url, target)))).toEqual([200, 200, 200, 200, 200, 200]);
  });

  it('takes sensitive for stronger than exempt, and the rule of the app beside the tables', async () => {
    const url = await start({ level: 'sensitive', exempt: ['/export'], labelOf: (req) => (req.query['dump'] === '1' ? 'sensitive' : undefined) });
    expect(await Promise.all([raw(url, '/export'), raw(url, '/contacts?dump=1'), raw(url, '/contacts')])).toEqual([503, 503, 200]);
    const own = await start({ labelOf: (req) => (req.url === '/own' ? 'exempt' : undefined) });
    expect(await Promise.all([raw(own, '/own', { method: 'POST' }), raw(own, '/other', { method: 'POST' })])).toEqual([200, 503]);
  });

  it.each([
    ['a header', '/contacts', { 'x-http-method-override': 'DELETE' }],
    ['a header in small letters', '/contacts', { 'x-http-method-override': 'delete' }],
    ['several in one header', '/contacts', { 'x-http-method-override': 'GET, DELETE' }],
    ['another header', '/contacts', { 'x-http-method': 'PUT' }],
    ['a third header', '/contacts', { 'x-method-override': 'PATCH' }],
    ['the query', '/contacts?_method=DELETE', {}],
    ['an escaped query', '/contacts?%5Fmethod=delete', {}],
    ['one of two in the query', '/contacts?_method=GET&_method=POST', {}],
    ['a list in the query', '/contacts?_method[]=POST', {}],
    ['an upgrade that some run through the app', '/live/.websocket', { upgrade: 'websocket' }],
  ])('refuses a GET that %s makes a write', async (_what, target, headers) => {
    expect(await raw(await start(), target, { headers })).toBe(503);
  });

  it('refuses a write that an override calls a read, and an exempt route that an override makes another', async () => {
    const url = await start();
    expect(await raw(url, '/contacts', { method: 'POST', headers: { 'x-http-method-override': 'GET' } })).toBe(503);
    expect(await raw(url, '/sign-in?_method=DELETE', { method: 'POST' })).toBe(503);
    expect(await raw(url, '/contacts', { headers: { 'x-http-method-override': 'HEAD' } })).toBe(200);
  });

  it('judges by the body too, mounted once more behind what overrides by the body', async () => {
    const url = await start({ byBodyToo: true });
    const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    expect(await raw(url, '/sign-in', { ...form, body: 'user=a' })).toBe(200);
    expect(await raw(url, '/sign-in', { ...form, body: '_method=DELETE' })).toBe(503);
    expect(await raw(url, '/sign-in', { ...form, body: '_method[]=DELETE' })).toBe(503);
  });

  it('judges what the address was, and what something before it made of it', async () => {
    const url = await start({ rewrite: (target) => ({ '/sign-in': '/contacts', '/nice-name': '/export' })[target] ?? target });
    expect([await raw(url, '/sign-in', { method: 'POST' }), await raw(url, '/nice-name'), await raw(url, '/contacts')]).toEqual([503, 503, 200]);
  });

  it('binds organizations and users by what the app says of the request, also if that takes time', async () => {
    const mode = await modeAt('off', { operators: ['root'] });
    await mode.set({ ...order, scope: { kind: 'organization', id: 'team-1' } });
    await mode.set({ ...order, level: 'all', scope: { kind: 'user', id: 'eve' } });
    const subjectOf: ReadOnlyRouteOptions['subjectOf'] = async (req) => Promise.resolve({ accountId: headerOf(req, 'x-user'), organizationIds: [headerOf(req, 'x-team') ?? ''] });
    const url = await start({ mode, subjectOf });
    const ask = (method: string, headers: Record<string, string>): Promise<number> => raw(url, '/contacts', { method, headers });
    expect(await Promise.all([ask('POST', { 'x-team': 'team-1' }), ask('GET', { 'x-team': 'team-1' }), ask('POST', { 'x-team': 'team-2' }), ask('GET', { 'x-user': 'eve' }), ask('POST', { 'x-user': 'root', 'x-team': 'team-1' }), ask('POST', {})])).toEqual([503, 200, 200, 503, 200, 200]);
  });

  it.each([
    ['throws', () => { throw new Error('session store down'); }],
    ['rejects', async () => Promise.reject(new Error('session store down'))],
    ['answers numbers', () => ({ accountId: 5 as never })],
  ])('lets nobody pass where the app cannot say who asks (%s), but what is exempt', async (_how, subjectOf) => {
    const url = await start({ subjectOf });
    expect([await raw(url, '/contacts'), await raw(url, '/contacts', { method: 'POST' }), await raw(url, '/sign-in', { method: 'POST' })]).toEqual([500, 500, 200]);
  });

  it('leaves an answer alone that something before it has given', async () => {
    const url = await start({ answered: true });
    expect((await fetch(`${url}/contacts`, { method: 'POST' })).status).toBe(408);
  });

  it('follows whenUnknown in a process that never reached the store, and lets sign-in pass', async () => {
    const records = { durable: true, read: async () => Promise.reject(new Error('down')), compareAndSet: async () => Promise.reject(new Error('down')), watch: () => () => undefined };
    const { mode } = await setup({ records });
    const url = await start({ mode });
    expect([await raw(url, '/contacts'), await raw(url, '/contacts', { method: 'POST' }), await raw(url, '/sign-in', { method: 'POST' })]).toEqual([200, 503, 200]);
  });
});

describe.each([['express', ofExpress], ['fastify', ofFastify]])('options of the guard of portcullis/%s', (_name, { guardUpgrade, readOnlyErrors, readOnlyGuard }) => {
  it.each([
    ['a route without a slash', { exempt: ['sign-in'] }, 'readOnlyGuard.exempt[0]: expected a route such as'],
    ['a route with an escape', { exempt: ['/ok', '/sign%2Din'] }, 'readOnlyGuard.exempt[1]: expected a route such as'],
    ['a route with dots', { sensitive: ['/a/../b'] }, 'readOnlyGuard.sensitive[0]: expected a route such as'],
    ['a star in the middle', { exempt: ['/a/*/b'] }, 'readOnlyGuard.exempt[0]: expected a route such as'],
    ['a route with two slashes', { exempt: ['//a'] }, 'readOnlyGuard.exempt[0]: expected a route such as'],
    ['a route with a slash at the end', { exempt: ['/a/'] }, 'readOnlyGuard.exempt[0]: expected a route such as'],
    ['a method in small letters', { exempt: ['post /a'] }, 'readOnlyGuard.exempt[0]: expected a route such as'],
    ['an expression', { exempt: [/a/] }, 'readOnlyGuard.exempt[0]: expected a non-empty string'],
    ['a slip in a name', { exemptions: [] }, 'readOnlyGuard.exemptions: unknown option'],
    ['too many routes', { exempt: Array.from({ length: 1_001 }, (_, at) => `/r${at}`) }, 'readOnlyGuard.exempt: expected at most 1000 routes'],
  ])('are refused: %s', async (_what, options, message) => {
    const mode = await modeAt('off');
    expect(() => readOnlyGuard(mode, options as never)).toThrow(message);
  });

  it('are refused without a mode, and by their names', () => {
    expect(() => readOnlyGuard({} as never)).toThrow('readOnlyGuard.mode: expected what createReadOnlyMode makes');
    expect(() => readOnlyErrors({ template: () => '' } as never)).toThrow('readOnlyErrors.template: unknown option');
    expect(() => guardUpgrade({} as never, () => undefined)).toThrow('guardUpgrade.mode: expected what createReadOnlyMode makes');
  });
});

// checklist 30
describe('guardUpgrade', () => {
  async function start(mode: ReadOnlyMode, options: ReadOnlyGuardOptions<IncomingMessage> = {}): Promise<number> {
    const url = await listen((_req, res) => res.end('page'));
    server?.on('upgrade', guardUpgrade(mode, (_req, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
      socket.on('data', (data) => socket.write(data));
    }, options));
    expect(url).toContain('127.0.0.1');
    return (server?.address() as AddressInfo).port;
  }

  /** The first line of the answer, and what is echoed if it is a 101. */
  async function upgrade(port: number, target = '/live', headers = ''): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`);
    let heard = '';
    for await (const chunk of socket) {
      heard += String(chunk);
      if (heard.startsWith('HTTP/1.1 101') && heard.endsWith('ping')) break;
      if (heard.startsWith('HTTP/1.1 101') && heard.endsWith('\r\n\r\n')) socket.write('ping');
    }
    return heard;
  }

  it('refuses while writes are refused, and closes the connection', async () => {
    const mode = await modeAt('off');
    const port = await start(mode);
    expect(await upgrade(port)).toMatch(/^HTTP\/1\.1 101 .*ping$/s);
    await mode.set(order);
    const refused = await upgrade(port);
    expect(refused).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
    expect(refused).toContain('\r\nRetry-After: 60\r\n');
    expect(refused).toContain('\r\nPortcullis-Read-Only: writes\r\n');
    expect(refused).toContain('"type":"urn:portcullis:read-only"');
    await mode.set({ ...order, level: 'sensitive' });
    expect(await upgrade(port)).toMatch(/^HTTP\/1\.1 101 /);
  });

  it('knows exempt and sensitive routes, and who asks', async () => {
    const mode = await modeAt('writes', { operators: ['root'] });
    const port = await start(mode, { exempt: ['/status', 'GET /other'], sensitive: ['/status/secret'], subjectOf: (req) => ({ accountId: String(req.headers['x-user']) }) });
    expect(await upgrade(port, '/status')).toMatch(/^HTTP\/1\.1 101 /);
    expect(await upgrade(port, '/other')).toMatch(/^HTTP\/1\.1 503 /);
    expect(await upgrade(port, '/status/')).toMatch(/^HTTP\/1\.1 503 /);
    expect(await upgrade(port, '/live', 'X-User: root\r\n')).toMatch(/^HTTP\/1\.1 101 /);
    await mode.set({ ...order, level: 'sensitive' });
    expect(await upgrade(port, '/Status/Secret/')).toMatch(/^HTTP\/1\.1 503 /);
  });

  it('refuses where the app cannot say who asks', async () => {
    const port = await start(await modeAt('sensitive'), { subjectOf: () => { throw new Error('down'); } });
    expect(await upgrade(port)).toMatch(/^HTTP\/1\.1 503 /);
  });

  it('outlives a client that goes away while it is judged', async () => {
    let release = (): void => undefined;
    const waiting = new Promise<undefined>((resolve) => {
      release = () => {
        resolve(undefined);
      };
    });
    const port = await start(await modeAt('writes'), { subjectOf: async () => waiting });
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    release();
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });
});
