import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import formbody from '@fastify/formbody';
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { memoryStore, type CounterStore } from 'portcullis';
import { fastifyDoors, guardUpgrade, limitRequests, readOnlyErrors, readOnlyGuard, type FastifyHook } from 'portcullis/fastify';
import { createLimiter, type Limiter } from 'portcullis/limiter';
import type { ReadOnlyMode } from 'portcullis/read-only';
import { order, setup } from '../read-only/setup.ts';
import { appParts } from './frameworks.ts';

const loose: unknown[] = [];
const note = (error: unknown): unknown => loose.push(error);
process.on('unhandledRejection', note);

afterEach(() => {
  expect(loose.splice(0)).toEqual([]);
});

function newApp(options: FastifyServerOptions = {}): FastifyInstance {
  const app = fastify({ ...options });
  onTestFinished(async () => {
    app.server.closeAllConnections();
    await app.close();
  });
  return app;
}

function newLimiter<Name extends string>(rule: Name, limit: number, store: CounterStore = memoryStore()): Limiter<Name> {
  return createLimiter({ name: 'test', rules: { [rule]: { limit, windowMs: 60_000 } } as Record<Name, { limit: number; windowMs: number }>, store });
}

/** A store whose decision comes when the test says so. */
function slowStore(): { readonly store: CounterStore; readonly decide: (allowed: boolean) => void } {
  let settle = (_allowed: boolean): void => undefined;
  const take: CounterStore['take'] = () => new Promise((resolve) => {
    settle = (allowed) => {
      resolve({ allowed, aheadMs: [allowed ? 0 : 60_000] });
    };
  });
  return { store: { ...memoryStore(), take }, decide: (allowed) => { settle(allowed); } };
}

async function portOf(app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: '127.0.0.1' });
  return (app.server.address() as AddressInfo).port;
}

/** What a connection hears until it ends or the answer's head is there. */
async function headOf(socket: Socket): Promise<string> {
  let heard = '';
  for await (const chunk of socket) {
    heard += String(chunk);
    if (heard.includes('\r\n\r\n')) break;
  }
  return heard;
}

async function modeAt(level: 'writes' | 'all' | 'sensitive'): Promise<ReadOnlyMode> {
  const { mode } = await setup();
  await mode.set({ ...order, level });
  return mode;
}

describe('the first door: limits by address in onRequest', () => {
  it('refuse before one byte of a body has come', async () => {
    const app = newApp();
    app.addHook('onRequest', limitRequests({ limiter: newLimiter('address', 1), keys: ({ address }) => ({ address }) }));
    app.post('/', async () => 'read');
    const port = await portOf(app);
    expect((await fetch(`http://127.0.0.1:${port}/`, { method: 'POST' })).status).toBe(200);
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    // A megabyte is announced, and not sent.
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n');
    expect(await headOf(socket)).toMatch(/^HTTP\/1\.1 429 /);
  });

  it('call no parser, no later hook and no handler', async () => {
    const app = newApp({ bodyLimit: 2_000_000 });
    const calls: string[] = [];
    const trace = (name: string): FastifyHook => (_request, _reply, done) => {
      calls.push(name);
      done();
    };
    app.addHook('onRequest', limitRequests({ limiter: newLimiter('address', 1), keys: ({ address }) => ({ address }) }));
    app.addHook('onRequest', trace('onRequest'));
    app.addHook('preValidation', trace('preValidation'));
    app.addHook('preHandler', trace('preHandler'));
    app.addContentTypeParser('text/long', { parseAs: 'string' }, (_request, body, done) => {
      calls.push('parser');
      done(null, body);
    });
    app.post('/', async () => {
      calls.push('handler');
      return 'read';
    });
    const send = () => app.inject({ method: 'POST', url: '/', headers: { 'content-type': 'text/long' }, payload: 'x'.repeat(1_000_000) });
    expect((await send()).statusCode).toBe(200);
    expect(calls.splice(0)).toEqual(['onRequest', 'parser', 'preValidation', 'preHandler', 'handler']);
    expect((await send()).statusCode).toBe(429);
    expect(calls).toEqual([]);
  });

  it('count what no route takes, in scopes too', async () => {
    const app = newApp();
    app.addHook('onRequest', limitRequests({ limiter: newLimiter('address', 2), keys: ({ address }) => ({ address }) }));
    app.register(async (scope) => {
      scope.setNotFoundHandler((_request, reply) => reply.code(404).send('nothing here'));
      scope.get('/page', async () => 'page');
    }, { prefix: '/scope' });
    const statuses: number[] = [];
    for (const url of ['/nowhere', '/scope/nowhere', '/scope/page', '/nowhere', '/scope/nowhere']) statuses.push((await app.inject(url)).statusCode);
    expect(statuses).toEqual([404, 404, 429, 429, 429]);
  });

  it('bind only the scope that has them, where a scope has its own', async () => {
    const app = newApp();
    app.register(async (scope) => {
      scope.addHook('onRequest', limitRequests({ limiter: newLimiter('address', 1), keys: ({ address }) => ({ address }) }));
      scope.get('/api', async () => 'api');
    });
    app.get('/page', async () => 'page');
    const statuses: number[] = [];
    for (const url of ['/api', '/api', '/page', '/page']) statuses.push((await app.inject(url)).statusCode);
    expect(statuses).toEqual([200, 429, 200, 200]);
  });

  it('let exactly the limit through when a thousand come at once', async () => {
    const app = newApp();
    app.addHook('onRequest', limitRequests({ limiter: newLimiter('address', 7), keys: ({ address }) => ({ address }) }));
    app.get('/', async () => 'fine');
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => app.inject('/')));
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(7);
    expect(answers.filter(({ statusCode }) => statusCode === 429)).toHaveLength(993);
  });
});

describe('the second door: limits by what is in the body, in preHandler', () => {
  it('count an account, wherever it comes from', async () => {
    const app = newApp();
    app.register(formbody);
    const byAccount = limitRequests({ limiter: newLimiter('account', 2), keys: (_client, { body }) => ({ account: String((body as { readonly email?: unknown }).email) }) });
    app.post('/coupon', { preHandler: byAccount }, async () => 'ok');
    const send = (email: string) => app.inject({ method: 'POST', url: '/coupon', payload: { email } });
    expect([(await send('a')).statusCode, (await send('a')).statusCode, (await send('b')).statusCode, (await send('a')).statusCode]).toEqual([200, 200, 200, 429]);
    const form = await app.inject({ method: 'POST', url: '/coupon', headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'email=a' });
    expect([form.statusCode, form.headers['retry-after'], form.headers['content-type']]).toEqual([429, '30', 'application/problem+json']);
  });
});

describe('a limit whose request was answered meanwhile', () => {
  it.each([
    ['allows', true],
    ['refuses', false],
  ])('says nothing more when it %s', async (_what, allowed) => {
    const app = newApp();
    const { store, decide } = slowStore();
    let handled = 0;
    app.addHook('onRequest', (_request, reply, done) => {
      setImmediate(() => {
        reply.code(408).send('late').then(() => {
          decide(allowed);
        }, () => undefined);
      });
      done();
    });
    app.addHook('onRequest', limitRequests({ limiter: createLimiter({ name: 'slow', rules: { address: { limit: 1, windowMs: 1_000 } }, store, storeDeadlineMs: 5_000 }), keys: ({ address }) => ({ address }) }));
    app.get('/', async () => {
      handled += 1;
      return 'fine';
    });
    const { statusCode, body } = await app.inject('/');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([statusCode, body, handled]).toEqual([408, 'late', 0]);
  });

  it('leaves a hijacked answer alone', async () => {
    const app = newApp();
    const { store, decide } = slowStore();
    app.addHook('onRequest', (_request, reply, done) => {
      setImmediate(() => {
        reply.hijack();
        reply.raw.end('mine');
        decide(false);
      });
      done();
    });
    app.addHook('onRequest', limitRequests({ limiter: createLimiter({ name: 'slow', rules: { address: { limit: 1, windowMs: 1_000 } }, store, storeDeadlineMs: 5_000 }), keys: ({ address }) => ({ address }) }));
    app.get('/', async () => 'fine');
    const { statusCode, body } = await app.inject('/');
    expect([statusCode, body]).toEqual([200, 'mine']);
  });
});

describe('an error in a hook', () => {
  it.each<readonly [string, () => never]>([
    ['a mistake in the keys', () => ({}) as never],
    ['a bug of the app', () => { throw new Error('bug'); }],
  ])('goes to the error handler of the app, and the process lives: %s', async (_what, keys) => {
    const app = newApp();
    const failures: unknown[] = [];
    app.setErrorHandler((error, _request, reply) => {
      failures.push(error);
      return reply.code(500).send('sorry');
    });
    app.addHook('onRequest', limitRequests({ limiter: newLimiter('address', 1), keys }));
    app.get('/', async () => 'fine');
    const { statusCode, body } = await app.inject('/');
    expect([statusCode, body, failures]).toEqual([500, 'sorry', [expect.any(Error)]]);
  });
});

describe('a hook of the app that fails while a refusal is sent', () => {
  it('leaves the answer to the error handler of the app', async () => {
    const app = newApp();
    app.setErrorHandler((error: Error, _request, reply) => reply.code(500).type('application/json').send({ sorry: error.message }));
    app.addHook('onRequest', limitRequests({ limiter: newLimiter('address', 1), keys: ({ address }) => ({ address }) }));
    app.addHook('onSend', async (_request, reply) => {
      if (reply.statusCode === 429) throw new Error('bug');
    });
    app.get('/', async () => 'fine');
    expect((await app.inject('/')).statusCode).toBe(200);
    const { statusCode, body } = await app.inject('/');
    expect([statusCode, body]).toEqual([500, '{"sorry":"bug"}']);
  });
});

describe('readOnlyGuard in a tree of scopes', () => {
  it('stops writes in each scope, on routes that were there before it, and on none', async () => {
    const app = newApp();
    app.post('/before', async () => 'written');
    app.addHook('onRequest', readOnlyGuard(await modeAt('writes')));
    app.register(async (scope) => {
      scope.post('/inner', async () => 'written');
      scope.register(async (deep) => {
        deep.post('/deep', async () => 'written');
        deep.setNotFoundHandler(async () => 'written');
      }, { prefix: '/deeper' });
    });
    const statuses: number[] = [];
    for (const url of ['/before', '/inner', '/deeper/deep', '/deeper/nowhere', '/nowhere']) for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) statuses.push((await app.inject({ method, url })).statusCode);
    expect(statuses).toEqual(statuses.map(() => 503));
    expect(statuses).toHaveLength(20);
  });

  it('lets a HEAD and an OPTIONS through to what they ask, with the header', async () => {
    const app = newApp();
    app.addHook('onRequest', readOnlyGuard(await modeAt('writes')));
    app.get('/page', async () => 'page');
    app.options('/page', async () => 'GET');
    const seen: unknown[] = [];
    for (const method of ['GET', 'HEAD', 'OPTIONS'] as const) {
      const { statusCode, headers } = await app.inject({ method, url: '/page' });
      seen.push([statusCode, headers['portcullis-read-only']]);
    }
    expect(seen).toEqual([[200, 'writes'], [200, 'writes'], [200, 'writes']]);
  });

  it('takes the label of a route from its own config', async () => {
    const app = newApp();
    app.addHook('onRequest', readOnlyGuard(await modeAt('sensitive'), { labelOf: ({ routeOptions }) => (routeOptions.config as { readonly label?: 'exempt' | 'sensitive' }).label }));
    app.get('/export', { config: { label: 'sensitive' } }, async () => 'all');
    app.get('/page', async () => 'page');
    expect([(await app.inject('/export')).statusCode, (await app.inject('//export')).statusCode, (await app.inject('/page')).statusCode]).toEqual([503, 404, 200]);
  });

  it.each(['/export;x=1', '/Export;', '//export;a?b', 'http://host?a/export'])('knows a sensitive route behind a semicolon: %s', async (url) => {
    const app = newApp({ routerOptions: { caseSensitive: false, ignoreDuplicateSlashes: true, useSemicolonDelimiter: true } as object });
    app.addHook('onRequest', readOnlyGuard(await modeAt('sensitive'), { sensitive: ['/export'] }));
    app.get('/export', async () => 'secret');
    const socket = connect(await portOf(app), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write(`GET ${url} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(await headOf(socket)).toMatch(/^HTTP\/1\.1 (503|400) /);
  });

  it('exempts no route that a semicolon makes another', async () => {
    const app = newApp({ routerOptions: { useSemicolonDelimiter: true } as object });
    app.addHook('onRequest', readOnlyGuard(await modeAt('writes'), { exempt: ['POST /sessions/:id/end'] }));
    app.post('/sessions/:id/end', async () => 'ended');
    app.post('/sessions/:id', async () => 'written');
    expect((await app.inject({ method: 'POST', url: '/sessions/5/end' })).statusCode).toBe(200);
    expect((await app.inject({ method: 'POST', url: '/sessions/5;/end' })).statusCode).toBe(503);
  });

  it('gives an answer that no serializer of the app rewrites', async () => {
    const app = newApp();
    app.setReplySerializer(() => 'rewritten');
    app.addHook('onRequest', readOnlyGuard(await modeAt('writes')));
    const { headers, json } = await app.inject({ method: 'POST', url: '/' });
    expect([headers['content-type'], json<{ readonly type: string }>().type]).toEqual(['application/problem+json', 'urn:portcullis:read-only']);
  });
});

describe('readOnlyErrors', () => {
  it('hands every other error on to the handler around it', async () => {
    const app = newApp();
    app.setErrorHandler((error: Error, _request, reply) => reply.code(500).send(`outer: ${error.message}`));
    app.register(async (scope) => {
      scope.setErrorHandler(readOnlyErrors());
      scope.get('/bug', async () => Promise.reject(new Error('bug')));
      scope.get('/null', async () => Promise.reject(new Error('')));
    });
    expect((await app.inject('/bug')).body).toBe('outer: bug');
    expect((await app.inject('/null')).body).toBe('outer: ');
  });
});

describe('guardUpgrade on the server of an app', () => {
  it('refuses sockets while writes are refused', async () => {
    const app = newApp();
    const { mode } = await setup();
    app.server.on('upgrade', guardUpgrade(mode, (_req, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    }));
    const port = await portOf(app);
    const upgrade = async (): Promise<string> => {
      const socket = connect(port, '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      await once(socket, 'connect');
      socket.write('GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      return headOf(socket);
    };
    expect(await upgrade()).toMatch(/^HTTP\/1\.1 101 /);
    await mode.set(order);
    expect(await upgrade()).toMatch(/^HTTP\/1\.1 503 /);
  });
});

// ASVS 5.0 4.1.3
describe('what a door tells of the proxy setting', () => {
  it.each<readonly [string, NonNullable<FastifyServerOptions['trustProxy']>, readonly string[]]>([
    ['trusts nobody', false, ['proxy-not-trusted']],
    ['trusts a number of proxies, which is nobody', 1 as never, ['proxy-not-trusted']],
    ['trusts many, which is nobody', 64 as never, ['proxy-not-trusted']],
    ['trusts nobody by a function', () => false, ['proxy-not-trusted']],
    ['trusts other neighbors, by whom none came', '10.0.0.0/8', []],
    ['trusts everybody', true, ['every-proxy-trusted']],
    ['trusts everybody by a function', () => true, ['every-proxy-trusted']],
    ['trusts a network', '127.0.0.0/8', []],
    ['trusts by a function', (address) => address === '127.0.0.1', []],
    ['trusts by a function that knows nobody else', (address) => {
      if (address !== '127.0.0.1') throw new Error('who?');
      return true;
    }, []],
  ])('is what it does: an app that %s', async (_what, trustProxy, problems) => {
    const { portcullis, events } = appParts({});
    onTestFinished(async () => {
      await portcullis.close();
    });
    const app = newApp({ trustProxy });
    app.post('/login', fastifyDoors(portcullis, { sessionOf: () => undefined, remember: () => undefined, endSessions: () => undefined, onSignedIn: () => undefined }).signIn);
    const payload = { email: 'a@example.com', password: 'x' };
    await app.inject({ method: 'POST', url: '/login', payload });
    for (let turn = 0; turn < 2; turn += 1) await app.inject({ method: 'POST', url: '/login', payload, headers: trustProxy instanceof Function && problems.length === 0 ? {} : { 'x-forwarded-for': '127.0.0.2' } });
    expect(events.flatMap((event) => (event.type === 'limiter.misconfigured' ? [event.problem] : []))).toEqual(problems);
  });
});

describe('a session within a cookie', () => {
  it('is left to the app: what takes no callback is not called', async () => {
    const { portcullis } = appParts({});
    onTestFinished(async () => {
      await portcullis.close();
    });
    const app = newApp();
    const calls: string[] = [];
    app.decorateRequest('session');
    app.addHook('onRequest', (request, _reply, done) => {
      Object.assign(request, { session: { regenerate: (fields: unknown) => calls.push(`regenerate ${typeof fields}`), delete: () => calls.push('delete') } });
      done();
    });
    app.post('/logout', fastifyDoors(portcullis, { sessionOf: () => undefined, remember: () => undefined, endSessions: () => undefined, onSignedIn: () => undefined }).signOut);
    expect([(await app.inject({ method: 'POST', url: '/logout' })).statusCode, calls]).toEqual([204, []]);
  });
});
