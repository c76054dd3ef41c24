import type { AddressInfo } from 'node:net';
import express, { type RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import { memoryStore, type EpochMark } from 'portcullis';
import { createSessionEpochs } from 'portcullis/epochs';
import { limitRequests, readOnlyGuard } from 'portcullis/express';
import { createLimiter, type HeaderForm } from 'portcullis/limiter';
import { createReadOnlyMode, type ReadOnlyMode } from 'portcullis/read-only';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { benchServer, type BenchApp, type BenchServer } from './bench-server.ts';

/** What stands before the route, and whether it lets the requests of the load through. */
export interface ServerInput {
  readonly guard: GuardName;
  readonly denies: boolean;
  /** Which of the two apps is made first. */
  readonly first: BenchApp;
}

type Guard = (denies: boolean) => RequestHandler;

const hourMs = 3_600_000;

/** `denies`: one unit an hour. Else so many that no load uses them up. */
const guards = {
  none: () => (_req, _res, next) => {
    next();
  },
  ours: (denies) => ours(denies, 'none'),
  'ours-headers': (denies) => ours(denies, 'draft-11'),
  // The quick start of its README, with the header fields of the draft that it recommends.
  erl: (denies) => rateLimit({ windowMs: hourMs, limit: denies ? 1 : 1e9, standardHeaders: 'draft-8', legacyHeaders: false }),
  'erl-no-headers': (denies) => rateLimit({ windowMs: hourMs, limit: denies ? 1 : 1e9, standardHeaders: false, legacyHeaders: false }),
  'read-only': () => readOnlyGuard(createReadOnlyMode({ records: memoryStore() }), { exempt: ['POST /login', 'POST /logout', '/health'], sensitive: ['GET /export'], subjectOf: () => ({ accountId: 'user-1' }) }),
  'incident': () => {
    const { readOnly, isLiveNow, isLive } = incidentGuards();
    const guard = readOnlyGuard(readOnly, { exempt: ['POST /login', 'POST /logout', '/health'], sensitive: ['GET /export'], subjectOf: () => ({ accountId: 'user-1' }) });
    return (req, res, next) => {
      guard(req, res, (error?: unknown) => {
        if (error !== undefined) {
          next(error);
          return;
        }
        if (isLiveNow()) {
          next();
          return;
        }
        isLive().then((live) => {
          if (live) next();
          else res.sendStatus(401);
        }, next);
      });
    };
  },
  rlf: (denies) => flexible(new RateLimiterMemory({ points: denies ? 1 : 1e9, duration: hourMs / 1_000 })),
} satisfies Readonly<Record<string, Guard>>;

/** The guards of an incident while there is none, over records in memory: what a session carries is made once. */
export function incidentGuards(): { readonly readOnly: ReadOnlyMode; readonly isLiveNow: () => boolean; readonly isLive: () => Promise<boolean> } {
  const records = memoryStore();
  const epochs = createSessionEpochs({ records });
  const marked = epochs.mark({ accountId: 'user-1', organizationIds: ['team-1'] });
  let mark: EpochMark | undefined;
  marked.then((made) => { mark = made; }, () => undefined);
  return {
    readOnly: createReadOnlyMode({ records }),
    // As the README has it: at once where it is remembered, else asked.
    isLiveNow: () => epochs.checkNow({ accountId: 'user-1', organizationIds: ['team-1'], mark }) !== undefined,
    isLive: () => epochs.check({ accountId: 'user-1', organizationIds: ['team-1'], mark }).then(({ live }) => live),
  };
}

export type GuardName = keyof typeof guards;

function ours(denies: boolean, headers: HeaderForm): RequestHandler {
  const limiter = createLimiter({
    name: 'bench',
    rules: { address: denies ? { limit: 1, windowMs: hourMs } : { limit: 100_000, windowMs: 1_000 } },
    store: memoryStore(),
    headers,
  });
  return limitRequests({ limiter, keys: ({ address }) => ({ address }) });
}

/** The Express middleware of its wiki. */
function flexible(limiter: RateLimiterMemory): RequestHandler {
  return (req, res, next) => {
    limiter
      .consume(req.ip ?? '')
      .then(() => {
        next();
      })
      .catch(() => {
        res.status(429).send('Too Many Requests');
      });
  };
}

/** Starts two Express apps with one trivial route: with nothing before it, and behind the guard. */
export async function startServer({ guard, denies, first }: ServerInput): Promise<BenchServer> {
  return benchServer({ first, listen: (app) => listening(app === 'bare' || guard === 'none' ? undefined : guards[guard](denies)) });
}

async function listening(guard: RequestHandler | undefined): Promise<number> {
  const app = express();
  if (guard !== undefined) app.use(guard);
  app.get('/', (_req, res) => {
    res.send('ok');
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}
