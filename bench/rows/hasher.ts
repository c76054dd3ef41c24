import { Agent, request } from 'node:http';
import { availableParallelism } from 'node:os';
import { argon2Engine, nodeCryptoEngine, nodeRsEngine } from 'portcullis/hasher';
import { inChild, openChild } from '../child.ts';
import { quantile, rowOf } from '../measure.ts';
import { derivationsPerSecond, openOverloadServer, stopwatch, type EngineName, type GuardName, type OverloadAnswer } from '../overload.ts';
import { interleave } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';

const rounds = 5;
const loadMs = 6_000;
const capacityMs = 1_500;
const deadlineMs = 1_000;
const overloadFactor = 10;
const overloadModule = new URL('../overload.ts', import.meta.url).href;

interface Measured extends OverloadAnswer {
  readonly capacity: number;
  readonly healthP99Ms: number;
}

/** A fresh process: its capacity first, then ten times that, while `/health` is asked from here. */
async function measure(guard: GuardName): Promise<Measured> {
  const server = await openChild(overloadModule, openOverloadServer, { guard, engine: 'node-rs' });
  try {
    const port = await server.call('port');
    const capacity = await server.call('capacity', capacityMs);
    const health = probeHealth(port);
    const answer = await server.call('overload', { perSecond: overloadFactor * capacity, forMs: loadMs, deadlineMs });
    return { ...answer, capacity, healthP99Ms: quantile(health.stop(), 0.99) };
  } finally {
    await server.close();
  }
}

/** Asks for `/health` every 10 ms, whether or not the last answer is there. */
function probeHealth(port: number): { stop(): readonly number[] } {
  const agent = new Agent({ keepAlive: true });
  const watch = stopwatch();
  const timer = setInterval(() => {
    const stop = watch.start();
    const asked = request({ port, host: '127.0.0.1', path: '/health', agent }, (response) => {
      response.resume().on('end', stop);
    });
    // The agent is destroyed while some are under way.
    asked.on('error', () => undefined).end();
  }, 10);
  return {
    stop() {
      clearInterval(timer);
      const tookMs = watch.tookMs();
      agent.destroy();
      return tookMs;
    },
  };
}

async function underLoad(): Promise<readonly BenchRow[]> {
  const { gate, semaphore, none } = await interleave({ gate: () => measure('gate'), semaphore: () => measure('semaphore'), none: () => measure('none') }, { rounds, warmUps: 0 });
  const of = (side: readonly Measured[], field: keyof Measured): readonly number[] => side.map((each) => each[field]);
  const share = (side: readonly Measured[]): readonly number[] => side.map(({ goodPerSecond, capacity }) => goodPerSecond / capacity);
  return [
    rowOf({
      id: 'hasher-overload-goodput',
      subject: 'answers within 1 s at ten times the capacity',
      unit: '/s',
      values: of(gate, 'goodPerSecond'),
      peer: { name: 'the capacity, measured just before', values: of(gate, 'capacity') },
      goal: { atLeast: 0.85, of: 'ratio' },
    }),
    rowOf({ id: 'hasher-overload-vs-semaphore', subject: 'share of the capacity answered in time', unit: 'of 1', values: share(gate), peer: { name: 'a bare semaphore', values: share(semaphore) } }),
    rowOf({ id: 'hasher-overload-vs-ungated', subject: 'share of the capacity answered in time', unit: 'of 1', values: share(gate), peer: { name: 'no gate', values: share(none) } }),
    rowOf({ id: 'hasher-overload-late', subject: 'late answers, of those that were not refused', unit: 'of 1', values: of(gate, 'lateShare') }),
    rowOf({ id: 'hasher-overload-late-ungated', subject: 'the same without a gate', unit: 'of 1', values: of(none, 'lateShare') }),
    rowOf({ id: 'hasher-overload-health', subject: '/health meanwhile, p99', unit: 'ms', values: of(gate, 'healthP99Ms'), peer: { name: 'no gate', values: of(none, 'healthP99Ms') }, goal: { atMost: 20, of: 'value' } }),
    rowOf({ id: 'hasher-overload-readfile', subject: 'fs.readFile meanwhile, p99', unit: 'ms', values: of(gate, 'readFileP99Ms'), peer: { name: 'no gate', values: of(none, 'readFileP99Ms') }, goal: { atMost: 50, of: 'value' } }),
    rowOf({ id: 'hasher-overload-memory', subject: 'memory retained from the first second to the last', unit: 'MB', values: of(gate, 'retainedMb'), goal: { atMost: 4, of: 'value' } }),
    rowOf({ id: 'hasher-overload-memory-ungated', subject: 'the same without a gate', unit: 'MB', values: of(none, 'retainedMb') }),
    rowOf({ id: 'hasher-overload-resident', subject: 'growth of resident memory meanwhile', unit: 'MB', values: of(gate, 'residentMb') }),
  ];
}

const engineOf = { argon2: argon2Engine, 'node-rs': nodeRsEngine, 'node-crypto': nodeCryptoEngine } as const;

/** Derivations per second of one engine. Runs in a process of its own. */
export function engineSpeed({ name, atOnce }: { readonly name: EngineName; readonly atOnce: number }): Promise<number> {
  return derivationsPerSecond(engineOf[name](), atOnce, capacityMs);
}

async function sideBySide(): Promise<readonly BenchRow[]> {
  const cores = availableParallelism();
  const speed = (name: EngineName, atOnce: number) => () => inChild(import.meta.url, engineSpeed, { name, atOnce });
  const measured = await interleave(
    {
      argon2: speed('argon2', 1),
      nodeRs: speed('node-rs', 1),
      nodeCrypto: speed('node-crypto', 1),
      argon2Full: speed('argon2', cores),
      nodeRsFull: speed('node-rs', cores),
      nodeCryptoFull: speed('node-crypto', cores),
    },
    { rounds, warmUps: 0 },
  );
  const one = { name: 'argon2', values: measured.argon2 };
  const full = { name: 'argon2', values: measured.argon2Full };
  const every = `${cores} at once`;
  return [
    rowOf({ id: 'hasher-engine-node-rs', subject: '@node-rs/argon2, one derivation at a time', unit: '/s', values: measured.nodeRs, peer: one }),
    rowOf({ id: 'hasher-engine-node-crypto', subject: 'node:crypto, one derivation at a time', unit: '/s', values: measured.nodeCrypto, peer: one }),
    rowOf({ id: 'hasher-engine-node-rs-full', subject: `@node-rs/argon2, ${every}`, unit: '/s', values: measured.nodeRsFull, peer: full }),
    rowOf({ id: 'hasher-engine-node-crypto-full', subject: `node:crypto, ${every}`, unit: '/s', values: measured.nodeCryptoFull, peer: full }),
  ];
}

export const bench: Bench = {
  id: 'hasher',
  title: 'Passwords under overload, and the engines',
  rows: [
    'hasher-overload-goodput',
    'hasher-overload-vs-semaphore',
    'hasher-overload-vs-ungated',
    'hasher-overload-late',
    'hasher-overload-late-ungated',
    'hasher-overload-health',
    'hasher-overload-readfile',
    'hasher-overload-memory',
    'hasher-overload-memory-ungated',
    'hasher-overload-resident',
    'hasher-engine-node-rs',
    'hasher-engine-node-crypto',
    'hasher-engine-node-rs-full',
    'hasher-engine-node-crypto-full',
  ],
  method:
    'Every turn is a fresh process. It measures its capacity first (the bare engine, with one derivation per core and with four at once, the better of both), then gets ten times that in verifications for 6 s, ' +
    'each at its own moment whatever became of the last; an answer counts when it comes within 1 s of that moment. Meanwhile another process asks its /health every 10 ms and it reads ' +
    'a file every 20 ms. Beside the gate with its defaults: a semaphore of as many places with an endless queue, and no gate at all. All use @node-rs/argon2 at 19,456 KiB and 2 passes.',
  run: async () => [...(await underLoad()), ...(await sideBySide())],
};
