import { once } from '../../kernel/once.ts';
import { repeating } from '../../kernel/repeating.ts';
import type { Clock } from '../../ports/clock.ts';
import { numberIn, textIn, type Ask } from './ask.ts';
import { canListen, createListener } from './listener.ts';
import { createLooks } from './looks.ts';
import type { Names } from './names.ts';
import type { PostgresPool } from './pool.ts';
import type { Statements } from './statements.ts';
import { createWatchedKeys } from './watched-keys.ts';

/** Twice as often as promised: a look may come late. */
const lookEveryMs = 500;
/** After that a connection counts as dead: somebody between us and the server forgot it. */
const lookPatienceMs = 2_000;

/** Who wants to hear of which stored key, also of the writes of others. A watcher keeps no process alive. */
export interface Watch {
  add(key: string, changed: () => void): () => void;
  /** This store wrote: `version` is what is there now, 0 for nothing. */
  wrote(key: string, version: number): void;
  /** What to announce together with a write of the key; null for nothing. */
  announcement(key: string): string | null;
  stop(): void;
}

export interface WatchOptions {
  readonly pool: PostgresPool;
  readonly ask: Ask;
  readonly statements: Statements;
  readonly names: Names;
  readonly clock: Clock;
}

/**
 * Announcements are the quick way, looks the sure one. Both take a connection of their own, so that they are not in the queue
 * of an app that is busy, and leave the pool's connections idle, which may then end.
 */
export function createWatch({ pool, ask, statements, names, clock }: WatchOptions): Watch {
  const watched = createWatchedKeys();
  const looks = createLooks(clock, lookOnce);
  const heard = (bucket: string): void => {
    if (watched.concerns(bucket)) looks.soon();
  };
  const listener = canListen(pool) ? createListener({ pool, ask, channel: names.channel, heard, opened: looks.soon }) : undefined;
  const ticking = repeating(clock, lookEveryMs, () => {
    if (looks.busyMs() > lookPatienceMs) {
      listener?.drop();
      looks.giveUp();
    }
    listener?.start();
    looks.soon();
  });

  async function lookOnce(): Promise<void> {
    const asking = listener === undefined ? ask : listener.ask();
    if (asking === undefined || watched.size() === 0) return;
    const keys = watched.toLookAt();
    try {
      const rows = await asking(statements.versions, [keys]);
      const found = new Map(rows.map((row) => [textIn(row, 'key'), numberIn(row, 'version')]));
      for (const key of keys) watched.saw(key, found.get(key) ?? 0);
    } catch {
      // What cannot be read is not a watcher's to report: whoever reads next is told.
      listener?.drop();
    }
  }

  function stop(): void {
    ticking.stop();
    listener?.stop();
    watched.clear();
  }

  return {
    add(key, changed) {
      watched.enter(key);
      listener?.start();
      ticking.start();
      looks.soon();
      const end = watched.watchers.add(key, changed);
      return once(() => {
        end();
        watched.leave(key);
        if (watched.size() === 0) stop();
      });
    },
    wrote: watched.wrote,
    announcement: watched.announcement,
    stop,
  };
}
