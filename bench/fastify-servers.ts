import type { AddressInfo } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance } from 'fastify';
import { memoryStore } from 'portcullis';
import { limitRequests, readOnlyGuard } from 'portcullis/fastify';
import { createLimiter, type HeaderForm } from 'portcullis/limiter';
import { createReadOnlyMode } from 'portcullis/read-only';
import { benchServer, type BenchApp, type BenchServer } from './bench-server.ts';
import { incidentGuards } from './express-servers.ts';

/** What stands before the route, and whether it lets the requests of the load through. */
export interface FastifyServerInput {
  readonly guard: FastifyGuardName;
  readonly denies: boolean;
  /** Which of the two apps is made first. */
  readonly first: BenchApp;
}

type Guard = (app: FastifyInstance, denies: boolean) => void;

const hourMs = 3_600_000;

/** `denies`: one unit an hour. Else so many that no load uses them up. */
const guards = {
  none: () => undefined,
  ours: (app, denies) => {
    ours(app, { denies, headers: 'none' });
  },
  'ours-headers': (app, denies) => {
    ours(app, { denies, headers: 'draft-11' });
  },
  // The example of its README: its header fields are on by default.
  frl: (app, denies) => void app.register(rateLimit, { max: denies ? 1 : 1e9, timeWindow: hourMs }),
  'read-only': (app) => {
    app.addHook('onRequest', readOnlyGuard(createReadOnlyMode({ records: memoryStore() }), { exempt: ['POST /login', 'POST /logout', '/health'], sensitive: ['GET /export'], subjectOf: () => ({ accountId: 'user-1' }) }));
  },
  // Both guards of an incident while there is none: the switch, and whether the session is older than an order.
  'incident': (app) => {
    const { readOnly, isLiveNow, isLive } = incidentGuards();
    app.addHook('onRequest', readOnlyGuard(readOnly, { exempt: ['POST /login', 'POST /logout', '/health'], sensitive: ['GET /export'], subjectOf: () => ({ accountId: 'user-1' }) }));
    app.addHook('preHandler', (_request, reply, done) => {
      if (isLiveNow()) {
        done();
        return;
      }
      isLive().then((live) => {
        if (live) done();
        else reply.code(401).send();
      }, done);
    });
  },
} satisfies Readonly<Record<string, Guard>>;

export type FastifyGuardName = keyof typeof guards;

function ours(app: FastifyInstance, { denies, headers }: { readonly denies: boolean; readonly headers: HeaderForm }): void {
  const limiter = createLimiter({
    name: 'bench',
    rules: { address: denies ? { limit: 1, windowMs: hourMs } : { limit: 100_000, windowMs: 1_000 } },
    store: memoryStore(),
    headers,
  });
  app.addHook('onRequest', limitRequests({ limiter, keys: ({ address }) => ({ address }) }));
}

/** Starts two Fastify apps with one trivial route: with nothing before it, and behind the guard. */
export async function startFastifyServer({ guard, denies, first }: FastifyServerInput): Promise<BenchServer> {
  return benchServer({ first, listen: (app) => (app === 'bare' ? listening('none', false) : listening(guard, denies)) });
}

async function listening(guard: FastifyGuardName, denies: boolean): Promise<number> {
  const app = fastify();
  guards[guard](app, denies);
  // In a scope of its own: what a plugin registers comes to the routes that are made after it.
  app.register(async (scope) => {
    scope.get('/', (_request, reply) => {
      reply.send('ok');
    });
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return (app.server.address() as AddressInfo).port;
}
