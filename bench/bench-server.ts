/** A server that runs in a process of its own and tells what it cost. */
export interface BenchServer {
  /** One process serves both. */
  readonly port: (app: 'bare' | 'guarded') => number;
  /** Collects the garbage. */
  readonly settle: () => void;
  /** CPU of the whole process so far, user and system, in microseconds. */
  readonly cpuUs: () => number;
}

/** Runs in the process of its apps, which listen on these ports. */
export function benchServer(ports: Readonly<Record<'bare' | 'guarded', number>>): BenchServer {
  return {
    port: (app) => ports[app],
    settle: () => globalThis.gc?.(),
    cpuUs: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
  };
}
