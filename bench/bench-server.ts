/** The two apps of a bench server: with nothing before its route, and behind the guard. */
export type BenchApp = 'bare' | 'guarded';

/** A server that runs in a process of its own and tells what it cost. */
export interface BenchServer {
  /** One process serves both. */
  readonly port: (app: BenchApp) => number;
  /** The one that was made first, and is to be asked first. */
  readonly first: () => BenchApp;
  /** Collects the garbage. */
  readonly settle: () => void;
  /** CPU of the whole process so far, user and system, in microseconds. */
  readonly cpuUs: () => number;
}

export interface BenchServerInput {
  readonly first: BenchApp;
  /** Starts the app and answers its port. */
  readonly listen: (app: BenchApp) => Promise<number>;
}

/** Runs in the process of its apps. */
export async function benchServer({ first, listen }: BenchServerInput): Promise<BenchServer> {
  const ports: Record<BenchApp, number> = { bare: 0, guarded: 0 };
  for (const app of inOrder(first)) ports[app] = await listen(app);
  return {
    port: (app) => ports[app],
    first: () => first,
    settle: () => globalThis.gc?.(),
    cpuUs: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
  };
}

export function inOrder(first: BenchApp): readonly [BenchApp, BenchApp] {
  return first === 'bare' ? ['bare', 'guarded'] : ['guarded', 'bare'];
}
