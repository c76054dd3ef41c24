import { StoreFullError } from '../../kernel/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { numberIn, type Ask } from './ask.ts';
import type { Names } from './names.ts';
import { purgeBatch, type Statements } from './statements.ts';

/** How often a process that makes records looks for expired ones, and at how many there are. */
const lookEveryMs = 10_000;
const lookEveryMsWhenFull = 1_000;

/** Keeps the table small: expired records go as new ones come, and a full table refuses newcomers. */
export interface Room {
  /** For who makes a new record. Throws ERR_STORE where there is no room. Never waits. */
  enter(): void;
  /** Removes all that has expired, a thousand at a time. Answers how many. */
  purge(): Promise<number>;
}

export interface RoomOptions {
  readonly ask: Ask;
  readonly statements: Statements;
  readonly names: Names;
  readonly clock: Clock;
  readonly now: () => string | null;
  readonly maxRecords: number;
}

export function createRoom({ ask, statements, names, clock, now, maxRecords }: RoomOptions): Room {
  let nextLookMs = -Infinity;
  let isFull = false;
  let looking = false;

  async function purgeSome(): Promise<number> {
    return numberIn((await ask(statements.purge, [now()]))[0], 'removed');
  }

  async function look(): Promise<void> {
    try {
      const removed = await purgeSome();
      const records = numberIn((await ask(statements.size, [names.table]))[0], 'records');
      isFull = records >= maxRecords;
      // As many again while there are as many: they come as fast as the new ones.
      if (removed >= purgeBatch) nextLookMs = -Infinity;
      else nextLookMs = clock.monotonicMs() + (isFull ? lookEveryMsWhenFull : lookEveryMs);
    } catch {
      // Who writes is told of a broken store by the write.
      nextLookMs = clock.monotonicMs() + lookEveryMs;
    }
    looking = false;
  }

  return {
    enter() {
      if (!looking && clock.monotonicMs() >= nextLookMs) {
        looking = true;
        void look();
      }
      if (isFull) throw new StoreFullError(`postgres store: ${maxRecords} records are the most`);
    },
    async purge() {
      let all = 0;
      for (let removed = purgeBatch; removed >= purgeBatch; all += removed) removed = await purgeSome();
      return all;
    },
  };
}
