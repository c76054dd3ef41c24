export interface RoundOptions {
  /** Rounds that count. Every contender has one turn in each. */
  readonly rounds: number;
  /** Rounds before them whose answers are thrown away. Default 1. */
  readonly warmUps?: number;
  /** Decides the order of the turns in each round; the same seed gives the same orders. Default 1. */
  readonly seed?: number;
  /** Called before each turn, for progress. */
  readonly onTurn?: (name: string, round: number) => void;
}

/** One turn of one contender: does its work and answers what it measured. */
export type Turn<T> = () => Promise<T> | T;

/**
 * Measures contenders in turns, each once per round and in an order that is shuffled anew for every round, so that a
 * slow minute of the machine meets all of them. Answers each contender's measurements, in the order of the rounds.
 */
export async function interleave<N extends string, T>(contenders: Readonly<Record<N, Turn<T>>>, options: RoundOptions): Promise<Readonly<Record<N, readonly T[]>>> {
  const { rounds, warmUps = 1, seed = 1, onTurn } = options;
  const names = Object.keys(contenders) as N[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<N, T[]>;
  const below = randomBelow(seed);
  for (let round = -warmUps; round < rounds; round += 1) {
    for (const name of shuffled(names, below)) {
      onTurn?.(name, round);
      // What one contender dropped must not be swept up in another's turn.
      globalThis.gc?.();
      const answer = await contenders[name]();
      if (round >= 0) measured[name].push(answer);
    }
  }
  return measured;
}

/** Fisher-Yates, on a copy. */
export function shuffled<T>(items: readonly T[], below: (bound: number) => number): readonly T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = below(last + 1);
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}

/** Whole numbers below a bound, the same for the same seed (xorshift32; nothing here is a secret). */
export function randomBelow(seed: number): (bound: number) => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return state % bound;
  };
}

export interface Cost {
  readonly wallMs: number;
  /** CPU of all threads of this process, user and system, in microseconds. */
  readonly cpuUs: number;
}

/** What a piece of work cost this process. */
export async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await work();
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs, cpuUs: user + system };
}
