import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { argon2Engine, createHasher, hasherDefaults, nodeCryptoEngine, nodeRsEngine, type HashEngine } from 'portcullis/hasher';
import { quantile } from './measure.ts';

/** What stands before the derivations: our gate, a plain semaphore of the same width, or nothing. */
export type GuardName = 'gate' | 'semaphore' | 'none';
export type EngineName = 'argon2' | 'node-rs' | 'node-crypto';

export interface OverloadInput {
  readonly guard: GuardName;
  readonly engine: EngineName;
}

export interface OverloadAnswer {
  /** Answers that came within their deadline and while the load lasted, per second: what a queue still holds at the end is no throughput. */
  readonly goodPerSecond: number;
  /** Answers after the deadline, or none: a share of all that were not refused. */
  readonly lateShare: number;
  readonly refusedShare: number;
  readonly readFileP99Ms: number;
  /** What the load left behind: heapUsed + external after a collection, at its end over a second after it began, MB. */
  readonly retainedMb: number;
  /** The same for resident memory. */
  readonly residentMb: number;
}

/** A process that verifies passwords, answers `/health` and can be asked to overload itself. */
export interface OverloadServer {
  readonly port: () => number;
  /** Derivations per second: what the machine can do. */
  readonly capacity: (forMs: number) => Promise<number>;
  readonly overload: (load: { readonly perSecond: number; readonly forMs: number; readonly deadlineMs: number }) => Promise<OverloadAnswer>;
}

const engines: Readonly<Record<EngineName, () => HashEngine>> = { argon2: argon2Engine, 'node-rs': nodeRsEngine, 'node-crypto': nodeCryptoEngine };
/** libuv's default. */
const poolThreads = 4;
const salt = Buffer.from('somesalt16bytes!');

function deriveWith(engine: HashEngine, password: string): Promise<Uint8Array> {
  return engine.derive({ password: Buffer.from(password), salt, parameters: hasherDefaults.parameters, tagBytes: 32 });
}

/** Opened in a child process. */
export async function openOverloadServer({ guard, engine: name }: OverloadInput): Promise<OverloadServer> {
  const engine = engines[name]();
  const verify = await verifierBehind(guard, engine);
  const server = createServer((_request, response) => {
    response.end('ok');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: () => (server.address() as AddressInfo).port,
    // On a busy machine one per core leaves gaps between them, and all threads of the pool do not: the better counts.
    capacity: async (forMs) => Math.max(await derivationsPerSecond(engine, availableParallelism(), forMs), await derivationsPerSecond(engine, poolThreads, forMs)),
    overload: (load) => overload(verify, load),
  };
}

async function verifierBehind(guard: GuardName, engine: HashEngine): Promise<(password: string) => Promise<unknown>> {
  const hasher = createHasher({ engine });
  if (guard === 'none') return (password) => deriveWith(engine, password);
  if (guard === 'semaphore') {
    // The gate's own default.
    const enter = semaphore(Math.min(availableParallelism() + 1, poolThreads - 1));
    return (password) => enter(() => deriveWith(engine, password));
  }
  const stored = await hasher.hash('the right one');
  return (password) => hasher.verify({ password, stored, name: password });
}

/** What most apps would write: a few at once, the others in a queue without an end. */
function semaphore(places: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = places;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((start) => waiting.push(start));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

/** Derivations per second with so many at once. */
export async function derivationsPerSecond(engine: HashEngine, atOnce: number, forMs: number): Promise<number> {
  await Promise.all(Array.from({ length: 2 * atOnce }, () => deriveWith(engine, 'warm')));
  const startMs = performance.now();
  let done = 0;
  async function work(): Promise<void> {
    while (performance.now() - startMs < forMs) {
      await deriveWith(engine, 'correct horse battery staple');
      done += 1;
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  return (done * 1_000) / (performance.now() - startMs);
}

async function overload(verify: (password: string) => Promise<unknown>, load: Parameters<OverloadServer['overload']>[0]): Promise<OverloadAnswer> {
  const { perSecond, forMs, deadlineMs } = load;
  const startMs = performance.now();
  const tally = { sent: 0, good: 0, inTime: 0, refused: 0 };
  const reads = stopwatch();
  let early: Memory | undefined;

  function ask(atMs: number): void {
    verify(`password ${tally.sent}`).then(
      () => {
        const nowMs = performance.now();
        if (nowMs - atMs > deadlineMs) return;
        tally.inTime += 1;
        if (nowMs - startMs <= forMs) tally.good += 1;
      },
      () => (tally.refused += 1),
    );
  }

  const arrivals = setInterval(() => {
    const elapsedMs = Math.min(forMs, performance.now() - startMs);
    // Every arrival has its own moment, also where a late timer lets several in together.
    for (; tally.sent < (elapsedMs * perSecond) / 1_000; tally.sent += 1) ask(startMs + (tally.sent * 1_000) / perSecond);
    if (elapsedMs >= 1_000) early ??= memoryNow();
  }, 2);
  const files = setInterval(() => {
    const stop = reads.start();
    void readFile(new URL('../package.json', import.meta.url)).then(stop);
  }, 20);

  await pause(forMs);
  const end = memoryNow();
  await pause(deadlineMs);
  clearInterval(arrivals);
  clearInterval(files);
  const { sent, good, inTime, refused } = tally;
  return {
    goodPerSecond: (good * 1_000) / forMs,
    lateShare: sent === refused ? 0 : 1 - inTime / (sent - refused),
    refusedShare: refused / sent,
    readFileP99Ms: quantile(reads.tookMs(), 0.99),
    retainedMb: end.retainedMb - (early?.retainedMb ?? Number.NaN),
    residentMb: end.residentMb - (early?.residentMb ?? Number.NaN),
  };
}

interface Memory {
  readonly retainedMb: number;
  readonly residentMb: number;
}

function memoryNow(): Memory {
  const { rss } = process.memoryUsage();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return { retainedMb: (heapUsed + external) / 2 ** 20, residentMb: rss / 2 ** 20 };
}

/** Times things that overlap. What has not ended when it is asked has taken at least as long as it is under way. */
export function stopwatch(): { start(): () => void; tookMs(): readonly number[] } {
  const ended: number[] = [];
  const underWay = new Set<{ readonly sinceMs: number }>();
  return {
    start() {
      const one = { sinceMs: performance.now() };
      underWay.add(one);
      return () => {
        if (underWay.delete(one)) ended.push(performance.now() - one.sinceMs);
      };
    },
    tookMs: () => [...ended, ...Array.from(underWay, ({ sinceMs }) => performance.now() - sinceMs)],
  };
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, forMs);
  });
}
