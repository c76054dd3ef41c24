import { connect as connectHttp2 } from 'node:http2';
import { request as requestHttp } from 'node:http';
import type { AddressInfo } from 'node:net';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import session from '@fastify/session';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { memoryStore, type SessionFacts } from 'portcullis';
import { fastifyDoors, limitRequests, readOnlyGuard, type FastifyDoorsOptions } from 'portcullis/fastify';
import { createLimiter } from 'portcullis/limiter';
import { order, setup } from '../read-only/setup.ts';
import { goodPassword } from '../support/kit.ts';
import { appParts } from './frameworks.ts';

const loose: unknown[] = [];
const note = (error: unknown): unknown => loose.push(error);
process.on('unhandledRejection', note);
process.on('uncaughtException', note);

afterEach(async () => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(loose.splice(0)).toEqual([]);
});

const email = 'ada@example.com';

function closing<T extends { close(): PromiseLike<unknown>; server?: unknown }>(app: T): T {
  onTestFinished(async () => {
    await app.close();
  });
  return app;
}

function doorsOf(own: Partial<FastifyDoorsOptions> = {}) {
  const parts = appParts({});
  onTestFinished(async () => {
    await parts.portcullis.close();
  });
  return { ...parts, doors: fastifyDoors(parts.portcullis, { sessionOf: () => undefined, remember: () => undefined, endSessions: () => undefined, onSignedIn: (_request, reply) => reply.send('in'), ...own }) };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** One request to a server that speaks HTTP/2. */
async function askHttp2(app: FastifyInstance, headers: Record<string, string>, body?: string): Promise<Answer> {
  const client = connectHttp2(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
  try {
    return await new Promise((resolve, reject) => {
      client.once('error', reject);
      const stream = client.request(headers, { endStream: body === undefined });
      let heard = '';
      let head: Record<string, unknown> = {};
      stream.setEncoding('utf8').on('response', (fields) => { head = fields; }).on('data', (chunk: string) => { heard += chunk; });
      stream.once('end', () => { resolve({ status: Number(head[':status']), headers: head, body: heard }); }).once('error', reject);
      if (body !== undefined) stream.end(body);
    });
  } finally {
    client.destroy();
  }
}

describe('an app over HTTP/2', () => {
  async function start() {
    const { mode } = await setup();
    const { doors, events } = doorsOf();
    const app = closing(fastify({ http2: true }) as unknown as FastifyInstance);
    app.addHook('onRequest', limitRequests({ limiter: createLimiter({ name: 'h2', rules: { address: { limit: 5, windowMs: 60_000 } }, store: memoryStore(), headers: 'draft-11' }), keys: ({ address }) => ({ address }) }));
    app.addHook('onRequest', readOnlyGuard(mode, { sensitive: ['/export'] }));
    app.post('/login', doors.signIn);
    app.post('/logout', doors.signOut);
    app.get('/export', async () => 'all');
    app.get('/inside', { preHandler: doors.guard() }, async () => 'inside');
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { app, mode, events };
  }

  it('has the same doors, guards and limits', async () => {
    const { app, mode, events } = await start();
    const login = await askHttp2(app, { ':method': 'POST', ':path': '/login', 'content-type': 'application/json' }, JSON.stringify({ email, password: 'wrong' }));
    expect([login.status, login.headers['content-type'], login.headers['ratelimit-policy']]).toEqual([401, 'application/problem+json', '"address";q=5;w=60']);
    expect((await askHttp2(app, { ':method': 'POST', ':path': '/login', 'origin': 'https://evil.example' }, '')).status).toBe(403);
    expect(events.at(-1)).toMatchObject({ type: 'request.cross-site', address: '127.0.0.1' });
    expect((await askHttp2(app, { ':method': 'GET', ':path': '/inside' })).status).toBe(401);
    await mode.set({ ...order, level: 'sensitive' });
    const stopped = await askHttp2(app, { ':method': 'GET', ':path': '//export/../%65xport' });
    expect([stopped.status, stopped.headers['portcullis-read-only']]).toEqual([503, 'sensitive']);
    expect((await askHttp2(app, { ':method': 'POST', ':path': '/logout' }, '')).status).toBe(204);
    expect((await askHttp2(app, { ':method': 'GET', ':path': '/' })).status).toBe(429);
  });

  it('survives a stream that is reset while its limit is counted', async () => {
    const app = closing(fastify({ http2: true }) as unknown as FastifyInstance);
    const store = memoryStore();
    const slow = { ...store, take: (charges: Parameters<typeof store.take>[0]) => new Promise<Awaited<ReturnType<typeof store.take>>>((resolve) => setTimeout(() => { resolve(store.take(charges)); }, 20)) };
    app.addHook('onRequest', limitRequests({ limiter: createLimiter({ name: 'h2', rules: { address: { limit: 1, windowMs: 60_000 } }, store: slow, headers: 'draft-7' }), keys: ({ address }) => ({ address }) }));
    const { doors } = doorsOf();
    app.post('/login', doors.signIn);
    await app.listen({ port: 0, host: '127.0.0.1' });
    for (let turn = 0; turn < 3; turn += 1) {
      const client = connectHttp2(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
      client.on('error', () => undefined);
      const stream = client.request({ ':method': 'POST', ':path': '/login', 'content-type': 'application/json' });
      stream.on('error', () => undefined);
      stream.write('{"email":');
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (turn === 1) client.destroy();
      else stream.close(8);
      await new Promise((resolve) => setTimeout(resolve, 40));
      client.destroy();
    }
    expect((await askHttp2(app, { ':method': 'POST', ':path': '/login' }, '')).status).toBe(429);
  });
});

describe('a hook of the app that fails after it has answered', () => {
  it.each<readonly [string, (reply: FastifyReply) => unknown]>([
    ['throws', (reply) => {
      reply.send('answered');
      throw new Error('too late');
    }],
    ['rejects', async (reply) => {
      await reply.send('answered');
      throw new Error('too late');
    }],
    ['has taken the answer over and throws', (reply) => {
      reply.hijack();
      reply.raw.end('answered');
      throw new Error('too late');
    }],
    ['answers twice', (reply) => {
      reply.send('answered');
      reply.send('again');
    }],
  ])('gives that answer, and nothing behind it runs: %s', async (_how, answer) => {
    const { doors } = doorsOf({ onRefused: (_request, reply) => answer(reply), onSignedOut: (_request, reply) => answer(reply) });
    const app = closing(fastify());
    let handled = 0;
    app.get('/inside', { preHandler: doors.guard() }, async () => {
      handled += 1;
      return 'inside';
    });
    app.post('/logout', doors.signOut);
    expect((await app.inject({ url: '/inside', headers: { accept: 'text/html' } })).body).toBe('answered');
    expect((await app.inject({ method: 'POST', url: '/logout' })).body).toBe('answered');
    expect(handled).toBe(0);
  });
});

describe('bodies that are no form', () => {
  function start() {
    const parts = doorsOf();
    const app = closing(fastify({ bodyLimit: 1_000 }));
    app.register(cookie).register(formbody);
    app.addHook('onRequest', limitRequests({ limiter: createLimiter({ name: 'all', rules: { address: { limit: 40, windowMs: 60_000 } }, store: memoryStore() }), keys: ({ address }) => ({ address }) }));
    app.post('/login', parts.doors.signIn);
    return { app, ...parts };
  }

  it.each<readonly [string, string, string, number]>([
    ['too long', 'application/json', JSON.stringify({ email: 'x'.repeat(2_000) }), 413],
    ['cut', 'application/json', '{"email":', 400],
    ['polluting', 'application/json', '{"__proto__":{"email":"ada@example.com","password":"x"}}', 400],
    ['polluting by the constructor', 'application/json', '{"constructor":{"prototype":{"email":"a"}}}', 400],
    ['of text', 'text/plain', '{"email":"a","password":"b"}', 401],
    ['of JSON by another name', 'application/jsonx', '{}', 415],
    ['of no type', '', 'email=a', 415],
    ['of parts', 'multipart/form-data; boundary=a', '--a--', 415],
    ['that is null', 'application/json', 'null', 401],
    ['that is a list', 'application/json', '[{"email":"a"}]', 401],
    ['that is a text', 'application/json', '"email"', 401],
    ['with a field twice', 'application/x-www-form-urlencoded', 'email=ada%40example.com&email=b&password=x&password=y', 401],
    ['with a field of the prototype', 'application/x-www-form-urlencoded', '__proto__=1&constructor=2&toString=3', 401],
    ['deep', 'application/json', `${'['.repeat(400)}${']'.repeat(400)}`, 401],
  ])('%s: opens nothing', async (_what, type, payload, status) => {
    const { app, events } = start();
    const response = await app.inject({ method: 'POST', url: '/login', headers: { ...(type !== '' && { 'content-type': type }) }, payload });
    expect(response.statusCode).toBe(status);
    expect(events.map(({ type: kind }) => kind)).not.toContain('sign-in.succeeded');
    expect(response.body).not.toContain('node_modules');
  });

  it('of ten megabytes of cookies and other fields are bounded too', async () => {
    const { app } = start();
    const huge = 'a=b; '.repeat(2_000_000);
    for (const headers of [{ 'cookie': huge }, { 'user-agent': huge }, { 'accept': huge }, { 'x-forwarded-for': huge }, { 'sec-fetch-site': huge }, { 'origin': huge }, { 'content-type': huge }] as readonly Record<string, string>[]) {
      expect([401, 403, 415]).toContain((await app.inject({ method: 'POST', url: '/login', headers: { 'content-type': 'application/json', ...headers }, payload: {} })).statusCode);
    }
  });
});

describe('a session store of the app that fails', () => {
  async function start(destroy: (done: (error?: unknown) => void) => void) {
    const state: { facts?: SessionFacts } = {};
    const kit = doorsOf({
      sessionOf: () => state.facts,
      remember: (_request, session) => {
        state.facts = session;
      },
    });
    const app = closing(fastify());
    const failures: unknown[] = [];
    app.setErrorHandler((error, _request, reply) => {
      failures.push(error);
      return reply.code(500).send('sorry');
    });
    const stub = { regenerate: destroy, destroy };
    app.decorateRequest('session');
    app.addHook('onRequest', (request, _reply, done) => {
      Object.assign(request, { session: stub });
      done();
    });
    for (const [path, door] of [['/signup', kit.doors.signUp], ['/confirm', kit.doors.confirm], ['/login', kit.doors.signIn], ['/logout', kit.doors.signOut]] as const) app.post(path, door);
    await app.inject({ method: 'POST', url: '/signup', payload: { email, password: goodPassword } });
    await kit.portcullis.uniform.drain(5_000);
    const mail = kit.mails.at(-1);
    await app.inject({ method: 'POST', url: '/confirm', payload: { token: mail?.kind === 'confirm-sign-up' ? mail.link.split('#token=')[1] : '' } });
    const login = () => app.inject({ method: 'POST', url: '/login', payload: { email, password: goodPassword } });
    return { app, state, failures, login };
  }

  it.each<readonly [string, (done: (error?: unknown) => void) => void]>([
    ['fails', (done) => { done(new Error('down')); }],
    ['fails with a text', (done) => { done('down'); }],
    ['fails with nothing but false', (done) => { done(false); }],
    ['throws', () => { throw new Error('down'); }],
    ['throws after it has answered', (done) => {
      done(new Error('down'));
      throw new Error('twice');
    }],
  ])('signs nobody in: %s', async (_how, destroy) => {
    const { login, state, failures } = await start(destroy);
    const response = await login();
    expect([response.statusCode, response.body, state.facts, failures]).toEqual([500, 'sorry', undefined, [expect.any(Error)]]);
  });

  it.each<readonly [string, (...given: never[]) => unknown, number]>([
    ['that promises, and keeps it', async () => undefined, 200],
    ['that promises, and does not keep it', async () => Promise.reject(new Error('down')), 500],
    ['that promises too early', async (done: (error?: unknown) => void) => void setTimeout(() => { done(new Error('down')); }, 5), 500],
  ])('is understood where it has a library %s', async (_how, destroy, status) => {
    const { login } = await start(destroy as (done: (error?: unknown) => void) => void);
    expect((await login()).statusCode).toBe(status);
  });

  it('holds no door open: after ten seconds it has failed', async () => {
    const { app, failures } = await start((..._done) => undefined);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const answer = app.inject({ method: 'POST', url: '/logout' }).then(({ statusCode }) => statusCode);
      await vi.waitUntil(() => vi.getTimerCount() > 0, { interval: 1 });
      vi.advanceTimersByTime(9_999);
      expect(failures).toEqual([]);
      vi.advanceTimersByTime(1);
      expect([await answer, failures]).toEqual([500, [new Error('the session store has not answered for 10000 ms')]]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('signs in once it has answered, however late, and twice at once as one', async () => {
    const { login, state } = await start((done) => { setTimeout(done, 30); });
    const [one, two] = await Promise.all([login(), login()]);
    expect([one.statusCode, two.statusCode, state.facts?.accountId]).toEqual([200, 200, 'user-1']);
  });
});

describe('one session that comes to a door twice at once', () => {
  it('has two new ids and no old one', async () => {
    const kit = doorsOf({
      sessionOf: (request) => (request as FastifyRequest & { session: { facts?: SessionFacts } }).session.facts,
      remember: (request, given) => {
        (request as FastifyRequest & { session: { facts?: SessionFacts } }).session.facts = given;
      },
    });
    const app = closing(fastify());
    app.register(cookie).register(session, { store: kit.store as never, secret: 'only a test, and long enough for it', cookieName: 'sid', cookie: { secure: false }, saveUninitialized: true });
    app.register(async (scope) => {
      scope.post('/signup', kit.doors.signUp);
      scope.post('/confirm', kit.doors.confirm);
      scope.post('/login', kit.doors.signIn);
      scope.get('/inside', { preHandler: kit.doors.guard() }, async () => 'inside');
    });
    await app.inject({ method: 'POST', url: '/signup', payload: { email, password: goodPassword } });
    await kit.portcullis.uniform.drain(5_000);
    const mail = kit.mails.at(-1);
    await app.inject({ method: 'POST', url: '/confirm', payload: { token: mail?.kind === 'confirm-sign-up' ? mail.link.split('#token=')[1] : '' } });
    const sid = (response: { readonly cookies: readonly { readonly name: string; readonly value: string }[] }) => response.cookies.find(({ name }) => name === 'sid')?.value ?? '';
    const before = sid(await app.inject('/inside'));
    const answers = await Promise.all([1, 2].map(() => app.inject({ method: 'POST', url: '/login', payload: { email, password: goodPassword }, cookies: { sid: before } })));
    const after = answers.map(sid);
    expect([answers.map(({ statusCode }) => statusCode), new Set([before, ...after]).size]).toEqual([[200, 200], 3]);
    for (const id of after) expect((await app.inject({ url: '/inside', cookies: { sid: id } })).statusCode).toBe(200);
    expect((await app.inject({ url: '/inside', cookies: { sid: before } })).statusCode).toBe(401);
  });
});

describe('methods that no form has', () => {
  it('open nothing and pass no guard', async () => {
    const { mode } = await setup();
    await mode.set(order);
    const { doors } = doorsOf();
    const app = closing(fastify());
    app.addHttpMethod('REPORT', { hasBody: true });
    app.addHook('onRequest', readOnlyGuard(mode, { exempt: ['POST /login'] }));
    app.all('/login', doors.signIn);
    app.all('/contacts', async () => 'written');
    const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port);
    const ask = (method: string, path: string, headers: Record<string, string> = {}) => new Promise<number | undefined>((resolve) => {
      requestHttp({ host: '127.0.0.1', port, method, path, headers, agent: false }, (res) => {
        res.resume();
        resolve(res.statusCode);
      }).once('error', () => { resolve(undefined); }).end();
    });
    expect(await ask('REPORT', '/contacts')).toBe(503);
    expect(await ask('CONNECT', '127.0.0.1:80')).toBe(undefined);
    expect(await ask('TRACE', '/contacts')).toBe(200);
    expect(await ask('OPTIONS', '*')).toBe(404);
    // Before any hook.
    expect(await ask('GET', '/%E0%A4%A')).toBe(400);
    expect(await ask('GET', '/login')).toBe(405);
    expect(await ask('POST', '/login', { 'x-http-method-override': 'DELETE' })).toBe(503);
    expect(await ask('GET', '/contacts', { 'x-http-method-override': 'get' })).toBe(200);
    expect(await ask('GET', '/contacts?_method=PUT')).toBe(503);
  });
});
