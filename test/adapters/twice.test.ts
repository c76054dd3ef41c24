import express from 'express';
import fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { memoryStore, type Portcullis } from 'portcullis';
import { expressDoors, limitRequests as limitExpress } from 'portcullis/express';
import { fastifyDoors, limitRequests as limitFastify } from 'portcullis/fastify';
import { createLimiter } from 'portcullis/limiter';
import { fullSession } from '../support/kit.ts';
import { appParts, listening } from './frameworks.ts';
import { createServer, type RequestListener } from 'node:http';

type Keys = Readonly<Record<'address' | 'account', string | undefined>>;

interface App {
  /** The same limit before the app and before a route of it, which also has parsed the body. */
  startLimited(keys: (turn: number, body: unknown) => Keys): Promise<{ readonly send: (email?: string) => Promise<number>; readonly charges: readonly string[] }>;
  startGuarded(parts: { readonly portcullis: Portcullis; readonly sessionOf: () => ReturnType<typeof fullSession> | undefined; readonly due: () => void }): Promise<string>;
}

/** A store that notes what it is asked to charge. */
function noting(limit: number) {
  const charges: string[] = [];
  const store = memoryStore();
  const take: typeof store.take = (asked) => {
    charges.push(asked.map(({ key }) => key).join());
    return store.take(asked);
  };
  const rule = { limit, windowMs: 60_000 };
  return { charges, limiter: createLimiter({ name: 'twice', rules: { address: rule, account: rule }, store: { ...store, take } }) };
}

const sendTo = (url: string) => async (email?: string) => (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email }) })).status;

async function served(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return listening(server);
}

const onExpress: App = {
  async startLimited(keys) {
    const { limiter, charges } = noting(2);
    let turn = 0;
    const limit = limitExpress({ limiter, keys: (_client, { body }) => keys(turn++, body) });
    const app = express();
    const router = express.Router();
    router.use(express.json(), limit);
    router.post('/', limit, (_req, res) => void res.send('fine'));
    app.use(limit, router);
    return { send: sendTo(await served(app)), charges };
  },
  startGuarded({ portcullis, sessionOf, due }) {
    const guard = expressDoors(portcullis, { sessionOf, remember: () => undefined, endSessions: () => undefined, onSignedIn: () => undefined, onEnrollmentDue: due }).guard();
    const app = express();
    app.use(guard);
    app.get('/', guard, (_req, res) => void res.send('inside'));
    return served(app);
  },
};

const onFastify: App = {
  async startLimited(keys) {
    const { limiter, charges } = noting(2);
    let turn = 0;
    const limit = limitFastify({ limiter, keys: (_client, { body }) => keys(turn++, body) });
    const app = fastify();
    onTestFinished(() => app.close());
    app.addHook('onRequest', limit);
    app.register(async (scope) => {
      scope.addHook('preHandler', limit);
      scope.post('/', { preHandler: limit }, async () => 'fine');
    });
    return { send: sendTo(await app.listen({ port: 0, host: '127.0.0.1' })), charges };
  },
  startGuarded({ portcullis, sessionOf, due }) {
    const guard = fastifyDoors(portcullis, { sessionOf, remember: () => undefined, endSessions: () => undefined, onSignedIn: () => undefined, onEnrollmentDue: due }).guard();
    const app = fastify();
    onTestFinished(() => app.close());
    app.addHook('onRequest', guard);
    app.get('/', { preHandler: guard }, async () => 'inside');
    return app.listen({ port: 0, host: '127.0.0.1' });
  },
};

describe.each<readonly [string, App]>([['Express', onExpress], ['Fastify', onFastify]])('what stands before a request twice on %s', (_name, framework) => {
  it('charges it once, and refuses the same way', async () => {
    const { send, charges } = await framework.startLimited(() => ({ address: 'a', account: undefined }));
    expect([await send(), await send(), await send()]).toEqual([200, 200, 429]);
    expect(charges).toEqual(['a', 'a', 'a']);
  });

  it('charges what it sees only the second time', async () => {
    const { send, charges } = await framework.startLimited((_turn, body) => ({ address: 'a', account: (body as { readonly email?: string } | undefined)?.email }));
    expect([await send('ada'), await send('bob')]).toEqual([200, 200]);
    expect(charges).toEqual(['a', 'ada', 'a', 'bob']);
  });

  it('charges each key that changes', async () => {
    const { send, charges } = await framework.startLimited((turn) => ({ address: `a${turn}`, account: undefined }));
    expect(await send()).toBe(200);
    expect(charges).toEqual(['a0', 'a1', 'a2']);
  });

  it('names keys that come to nothing the second time, instead of going on', async () => {
    const { send } = await framework.startLimited((turn) => ({ address: turn === 0 ? 'a' : undefined, account: undefined }));
    expect(await send()).toBe(500);
  });

  it('asks once for one session, and again for another', async () => {
    const { portcullis } = appParts({});
    onTestFinished(async () => {
      await portcullis.close();
    });
    let asked = 0;
    let due = 0;
    const check: Portcullis['access']['check'] = async ({ session }) => {
      asked += 1;
      return { outcome: 'allowed', session: session as ReturnType<typeof fullSession>, enrollUntilMs: 5 };
    };
    const session = fullSession('user-1', Date.now(), 'password');
    let sessionOf = () => session;
    const url = await framework.startGuarded({ portcullis: { ...portcullis, access: { ...portcullis.access, check } }, sessionOf: () => sessionOf(), due: () => void (due += 1) });
    expect((await fetch(url)).status).toBe(200);
    expect([asked, due]).toEqual([1, 1]);
    sessionOf = () => ({ ...session });
    expect((await fetch(url)).status).toBe(200);
    expect([asked, due]).toEqual([3, 3]);
  });

  it('stops nobody less: a session that is nobody\'s is refused each time', async () => {
    const { portcullis } = appParts({});
    onTestFinished(async () => {
      await portcullis.close();
    });
    const url = await framework.startGuarded({ portcullis, sessionOf: () => undefined, due: () => undefined });
    expect((await fetch(url)).status).toBe(401);
  });
});
