import { once } from '../../kernel/once.ts';
import { repeating } from '../../kernel/repeating.ts';
import { createWatchers } from '../../kernel/watchers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Run } from './runner.ts';
import type { Scripts } from './scripts.ts';
import { slotGroups } from './slots.ts';
import type { Subscriber } from './subscriber.ts';
import { answeredNumber, type Names } from './text.ts';

/** Twice as often as promised: a look may come late. */
const lookEveryMs = 500;
/** After that a look counts as lost: a client may never answer, and nobody would hear of a write again. */
const lookPatienceMs = 2_000;
/** Records that one script looks at. */
const atOnce = 100;

/** Who wants to hear of which record, also of the writes of other processes. A watcher keeps no process alive. */
export interface Watch {
  add(key: string, changed: () => void): () => void;
  /** This store wrote: `version` is what is there now, 0 for nothing. */
  wrote(key: string, version: number): void;
  readonly stop: () => void;
}

export interface WatchParts {
  readonly run: Run;
  readonly scripts: Scripts;
  readonly names: Names;
  readonly clock: Clock;
  readonly cluster: boolean;
  readonly subscriber: Subscriber | undefined;
}

interface Watched {
  readonly key: string;
  /** Its name in the server. */
  readonly stored: string;
  /** The version that its watchers know of; undefined until one was read. */
  seen: number | undefined;
  watchers: number;
}

export function createWatch(parts: WatchParts): Watch {
  const { names, subscriber } = parts;
  const watchers = createWatchers();
  const watched = new Map<string, Watched>();

  function see(each: Watched, version: number): void {
    // Once too often rather than too seldom: for the first look, and where one answer has overtaken another.
    if (each.seen !== version) watchers.tell(each.key);
    each.seen = version;
  }

  const look = oneAtATime(parts.clock, () => {
    subscriber?.refresh();
    return readVersions(parts, [...watched.values()], see);
  });
  const looking = repeating(parts.clock, lookEveryMs, look);

  function enter(key: string): Watched {
    const known = watched.get(key);
    const each = known ?? { key, stored: names.record(key), seen: undefined, watchers: 0 };
    each.watchers += 1;
    if (known !== undefined) return each;
    watched.set(key, each);
    subscriber?.add(names.channel(key), (message) => {
      if (watched.get(key) === each && /^\d{1,16}$/.test(message)) see(each, Number(message));
    });
    looking.start();
    look();
    return each;
  }

  function leave(each: Watched): void {
    each.watchers -= 1;
    if (each.watchers > 0 || watched.get(each.key) !== each) return;
    watched.delete(each.key);
    subscriber?.remove(names.channel(each.key));
    if (watched.size === 0) looking.stop();
  }

  return {
    add(key, changed) {
      const [each, end] = [enter(key), watchers.add(key, changed)];
      return once(() => {
        end();
        leave(each);
      });
    },
    wrote(key, version) {
      const each = watched.get(key);
      if (each === undefined) return;
      each.seen = version;
      watchers.tell(key);
    },
    stop() {
      looking.stop();
      for (const key of watched.keys()) subscriber?.remove(names.channel(key));
      watched.clear();
    },
  };
}

/** Never twice at the same time, but for one that is lost. A failure is not a watcher's to report: whoever reads next is told. */
function oneAtATime(clock: Clock, work: () => Promise<void>): () => void {
  let current: { readonly sinceMs: number } | undefined;

  async function run(): Promise<void> {
    const own = { sinceMs: clock.monotonicMs() };
    current = own;
    try {
      await work();
    } catch {
      // Not connected, or too slow.
    }
    if (current === own) current = undefined;
  }

  return () => {
    if (current === undefined || clock.monotonicMs() - current.sinceMs > lookPatienceMs) void run();
  };
}

async function readVersions({ run, scripts, cluster }: WatchParts, all: readonly Watched[], see: (each: Watched, version: number) => void): Promise<void> {
  const groups = cluster ? slotGroups(all.map(({ stored }) => stored)).map((places) => places.map((at) => all[at] as Watched)) : [all];
  const batches = groups.flatMap((group) => Array.from({ length: Math.ceil(group.length / atOnce) }, (_, at) => group.slice(at * atOnce, (at + 1) * atOnce)));
  await Promise.all(batches.map(async (batch) => {
    const answer = await run(scripts.versions, batch.map(({ stored }) => stored), []);
    if (!Array.isArray(answer)) return;
    for (const [at, each] of batch.entries()) see(each, answeredNumber(answer[at]));
  }));
}
