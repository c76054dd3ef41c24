import type { RecordChange, RecordStore } from '../../ports/record-store.ts';
import { wrongAnswer } from './faults.ts';
import type { Run } from './runner.ts';
import type { Scripts } from './scripts.ts';
import { answeredNumber, answeredText, storedValue, valueOf, type Names } from './text.ts';
import type { StoreTime } from './time.ts';
import type { Watch } from './watch.ts';

export interface RecordParts {
  readonly run: Run;
  readonly scripts: Scripts;
  readonly names: Names;
  readonly time: StoreTime;
  readonly watch: Watch;
  readonly durable: boolean;
}

/** Records, each in one key of the server. */
export function redisRecords({ run, scripts, names, time, watch, durable }: RecordParts): RecordStore {
  return {
    durable,
    async read(key) {
      const answer = await run(scripts.read, [names.record(key)], time.added([]));
      // Some clients answer undefined where others answer null.
      return (answer ?? undefined) === undefined ? undefined : recordOf(answeredText(answer));
    },
    async compareAndSet(change) {
      const { key } = change;
      const answer = await run(scripts.compareAndSet, [names.record(key)], time.added(argumentsOf(change, names, time)));
      if ((answer ?? undefined) === undefined) return false;
      watch.wrote(key, answeredNumber(answer));
      return true;
    },
    watch: (key, changed) => watch.add(key, changed),
  };
}

/** A record that ends now or has ended is written as one that does not exist. */
function argumentsOf({ key, expectedVersion, value, expiresAtMs }: RecordChange, names: Names, time: StoreTime): string[] {
  const lifeMs = expiresAtMs === undefined ? undefined : time.untilMs(expiresAtMs);
  const gone = value === null || (lifeMs !== undefined && !(lifeMs > 0));
  return [String(expectedVersion), names.channel(key), gone ? 'remove' : 'set', gone ? '' : storedValue(value), lifeMs === undefined ? '' : String(lifeMs)];
}

/** `version end value`, with a space after the first two. */
function recordOf(stored: string): { readonly value: string; readonly version: number } {
  const afterVersion = stored.indexOf(' ');
  const afterEnd = stored.indexOf(' ', afterVersion + 1);
  if (afterVersion < 1 || afterEnd < 0) throw wrongAnswer();
  const version = answeredNumber(stored.slice(0, afterVersion));
  if (version === 0) throw wrongAnswer();
  return { value: valueOf(stored.slice(afterEnd + 1)), version };
}
