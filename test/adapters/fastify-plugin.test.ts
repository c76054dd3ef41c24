import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Portcullis, SessionFacts } from 'portcullis';
import { fastifyDoors, portcullisPlugin, type FastifyDoorsOptions, type PortcullisPluginOptions } from 'portcullis/fastify';
import { fullSession, goodPassword } from '../support/kit.ts';
import { appParts } from './frameworks.ts';

const email = 'ada@example.com';

let parts: ReturnType<typeof appParts> | undefined;

afterEach(async () => {
  await parts?.portcullis.close();
  parts = undefined;
});

function pluginOptions(own: Partial<PortcullisPluginOptions> = {}): PortcullisPluginOptions {
  parts ??= appParts({});
  return { portcullis: parts.portcullis, sessionOf: () => undefined, remember: () => undefined, endSessions: () => undefined, onSignedIn: (_request, reply) => reply.send({ ok: true }), ...own };
}

function newApp(): FastifyInstance {
  const app = fastify();
  onTestFinished(() => app.close());
  return app;
}

const rejected = (app: FastifyInstance): Promise<unknown> => Promise.resolve(app.ready()).then(() => undefined, (error: unknown) => error);

describe('portcullisPlugin', () => {
  it('decorates the scope that registers it and those within, and nobody else', async () => {
    const app = newApp();
    const seen: Record<string, boolean> = {};
    app.register(async (scope) => {
      scope.register(portcullisPlugin, pluginOptions());
      scope.register(async (inner) => {
        seen['inner'] = inner.hasDecorator('portcullis');
        inner.post('/login', inner.portcullis.doors.signIn);
      });
      scope.after(() => {
        seen['scope'] = scope.hasDecorator('portcullis') && scope.portcullis.origin === 'http://127.0.0.1';
      });
    });
    app.register(async (beside) => {
      seen['beside'] = beside.hasDecorator('portcullis');
    });
    await app.ready();
    expect({ ...seen, root: app.hasDecorator('portcullis') }).toEqual({ inner: true, scope: true, beside: false, root: false });
    expect((await app.inject({ method: 'POST', url: '/login', payload: { email, password: 'wrong' } })).statusCode).toBe(401);
  });

  it('is had once in a scope and those within, and says so', async () => {
    const message = 'portcullisPlugin: is registered already, in this scope or in one around it';
    const twice = newApp();
    twice.register(portcullisPlugin, pluginOptions()).register(portcullisPlugin, pluginOptions());
    expect(await rejected(twice)).toMatchObject({ code: 'ERR_CONFIG', message });
    const within = newApp();
    within.register(portcullisPlugin, pluginOptions()).register(async (scope) => {
      scope.register(portcullisPlugin, pluginOptions());
    });
    expect(await rejected(within)).toMatchObject({ code: 'ERR_CONFIG', message });
  });

  it('may stand in scopes beside each other, each with doors of its own', async () => {
    const app = newApp();
    for (const name of ['one', 'two']) {
      app.register(async (scope) => {
        scope.register(portcullisPlugin, pluginOptions({ onSignedOut: () => name }));
        scope.register(async (inner) => {
          inner.post('/logout', inner.portcullis.doors.signOut);
        });
      }, { prefix: `/${name}` });
    }
    expect([(await app.inject({ method: 'POST', url: '/one/logout' })).body, (await app.inject({ method: 'POST', url: '/two/logout' })).body]).toEqual(['one', 'two']);
  });

  it.each([
    ['without portcullis', { portcullis: undefined }, 'portcullisPlugin.portcullis: expected what createPortcullis makes, got nothing'],
    ['with something else', { portcullis: {} }, 'portcullisPlugin.portcullis: expected what createPortcullis makes, got a value of type object'],
    ['without a hook', { remember: undefined }, 'fastifyDoors.remember: expected a function, got nothing'],
    ['with a slip in a name', { onSigndIn: () => undefined }, 'fastifyDoors.onSigndIn: unknown option, did you mean "onSignedIn"?'],
  ])('refuses to start %s', async (_what, own, message) => {
    const app = newApp();
    app.register(portcullisPlugin, { ...pluginOptions(), ...(own as object) });
    expect(await rejected(app)).toMatchObject({ code: 'ERR_CONFIG', message });
  });

  it('is known to Fastify by its name, for plugins that ask for it', async () => {
    const app = newApp();
    app.register(portcullisPlugin, pluginOptions());
    const asks = Object.assign(async () => undefined, { [Symbol.for('skip-override')]: true, [Symbol.for('plugin-meta')]: { name: 'asks', dependencies: ['portcullis'], decorators: { fastify: ['portcullis'] } } });
    app.register(asks);
    await app.ready();
    expect(app.hasPlugin('portcullis')).toBe(true);
  });
});

describe('a hook of the app', () => {
  async function signInWith(onSignedIn: FastifyDoorsOptions['onSignedIn']): Promise<{ readonly status: number; readonly body: string }> {
    const app = newApp();
    app.register(portcullisPlugin, pluginOptions({ onSignedIn }));
    app.register(async (scope) => {
      const { signUp, confirm, signIn } = scope.portcullis.doors;
      scope.post('/signup', signUp);
      scope.post('/confirm', confirm);
      scope.post('/login', signIn);
    });
    await app.inject({ method: 'POST', url: '/signup', payload: { email, password: goodPassword } });
    await parts?.portcullis.uniform.drain(5_000);
    const mail = parts?.mails.at(-1);
    await app.inject({ method: 'POST', url: '/confirm', payload: { token: mail?.kind === 'confirm-sign-up' ? mail.link.split('#token=')[1] : '' } });
    const { statusCode, body } = await app.inject({ method: 'POST', url: '/login', payload: { email, password: goodPassword } });
    return { status: statusCode, body };
  }

  it.each<readonly [string, FastifyDoorsOptions['onSignedIn']]>([
    ['by reply.send, and returns nothing', (_request, reply) => void reply.send('in')],
    ['by reply.send, and returns the reply', (_request, reply) => reply.send('in')],
    ['by reply.send in a promise', async (_request, reply) => reply.send('in')],
    ['by what it returns', () => 'in'],
    ['by what it promises', async () => 'in'],
    ['later', (_request, reply) => void setTimeout(() => void reply.send('in'), 5)],
  ])('answers %s', async (_how, onSignedIn) => {
    expect(await signInWith(onSignedIn)).toEqual({ status: 200, body: 'in' });
  });

  it('that answers twice answers once', async () => {
    expect(await signInWith((_request, reply) => {
      reply.send('first');
      return 'second';
    })).toEqual({ status: 200, body: 'first' });
  });
});

describe('a guard', () => {
  const session: SessionFacts = fullSession('user-1', Date.now(), 'password');

  function guardedApp(own: Partial<PortcullisPluginOptions>): { readonly app: FastifyInstance; readonly calls: string[] } {
    const app = newApp();
    const calls: string[] = [];
    const { portcullis, ...options } = pluginOptions(own);
    const doors = fastifyDoors(portcullis, options);
    app.get('/inside', { preHandler: [doors.guard(), (_request, _reply, done) => {
      calls.push('behind');
      done();
    }] }, async () => {
      calls.push('handler');
      return 'inside';
    });
    return { app, calls };
  }

  it.each<readonly [string, NonNullable<FastifyDoorsOptions['onRefused']>]>([
    ['redirects', (_request, reply) => reply.redirect('/login', 303)],
    ['returns a page', (_request, reply) => {
      reply.code(303);
      return 'sign in first';
    }],
  ])('that %s lets nothing behind it run', async (_how, onRefused) => {
    const { app, calls } = guardedApp({ onRefused });
    expect((await app.inject({ url: '/inside', headers: { accept: 'text/html' } })).statusCode).toBe(303);
    expect((await app.inject({ url: '/inside' })).statusCode).toBe(401);
    expect(calls).toEqual([]);
  });

  it('hands what the app throws to its error handler, once', async () => {
    const failures: unknown[] = [];
    const { app, calls } = guardedApp({ sessionOf: () => { throw new Error('a bug of the app'); } });
    app.setErrorHandler((error, _request, reply) => {
      failures.push(error);
      return reply.code(500).send('sorry');
    });
    const { statusCode, body } = await app.inject({ url: '/inside' });
    expect([statusCode, body, failures, calls]).toEqual([500, 'sorry', [new Error('a bug of the app')], []]);
  });

  it('goes on, once, when a hook that only notes something hands the reply back', async () => {
    const due: number[] = [];
    const check: Portcullis['access']['check'] = async () => ({ outcome: 'allowed', session, enrollUntilMs: 5 });
    const { portcullis } = pluginOptions();
    const { app, calls } = guardedApp({
      portcullis: { ...portcullis, access: { ...portcullis.access, check } },
      onEnrollmentDue: (_request, reply, { enrollUntilMs }) => {
        due.push(enrollUntilMs);
        return reply.header('x-due', 'soon');
      },
    });
    const { statusCode, headers, body } = await app.inject({ url: '/inside' });
    expect([statusCode, headers['x-due'], body, due, calls]).toEqual([200, 'soon', 'inside', [5], ['behind', 'handler']]);
  });
});
