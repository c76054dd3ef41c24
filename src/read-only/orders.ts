import { withDeadline } from '../kernel/deadline.ts';
import { BusyError, ConfigError, isPortcullisError, StoreError } from '../kernel/errors.ts';
import { burn, isUnreadable, updateJson } from '../kernel/json-record.ts';
import { cleanLabel } from '../kernel/label.ts';
import { integer, oneOf, optional, readOptions, text, wrong, type OptionReader } from '../kernel/options.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RandomSource } from '../ports/random.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { Follower } from './follower.ts';
import { checkedRecord, isOn, maxIdChars, readRecord, reconciled, recordKey, scopeName, type SwitchRecord } from './record.ts';
import type { ReadOnlyScope, ReadOnlyStrictness, ReadOnlySwitch } from './types.ts';

/** `forMs`: the switch lifts itself after that; 1 s to 366 days. Without it, it stays. `reason`: one line that users may read, at most 500 characters. */
export interface ReadOnlyOrder {
  readonly level: ReadOnlyStrictness;
  /** Default everyone. */
  readonly scope?: ReadOnlyScope;
  readonly reason: string;
  readonly by: string;
  readonly forMs?: number;
}

export interface ReadOnlyLift {
  /** Default everyone: the switch of that scope, not those of organizations and users. */
  readonly scope?: ReadOnlyScope;
  readonly by: string;
}

export interface Orders {
  set(order: ReadOnlyOrder): Promise<ReadOnlySwitch>;
  lift(order: ReadOnlyLift): Promise<boolean>;
  status(): Promise<readonly ReadOnlySwitch[]>;
}

interface SetOrder {
  readonly level: ReadOnlyStrictness;
  readonly scope: ReadOnlyScope;
  readonly reason: string;
  readonly by: string;
  readonly forMs: number | undefined;
}

interface OrdersParts {
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly emit: Emit;
  readonly maxScopes: number;
  readonly follower: Follower;
}

const longestMs = 366 * 24 * 3_600_000;
const maxReasonChars = 500;
const maxByChars = 200;
const bornBytes = 12;
/** Orders of one process that wait for each other. */
const maxWaiting = 1_024;
/** For one order, or one reading. */
const deadlineMs = 5_000;
const crowdedRetryMs = 1_000;

const everyone: ReadOnlyScope = Object.freeze({ kind: 'everyone' });

function line(maxChars: number): OptionReader<string> {
  return (given, name) => {
    const cleaned = cleanLabel(text()(given, name), maxChars);
    if (cleaned === '') throw wrong(name, 'a line of text', given);
    return cleaned;
  };
}

const scopeOption: OptionReader<ReadOnlyScope> = (given, name) => {
  if (given === undefined) return everyone;
  const { kind, id } = Object(given) as { readonly kind?: unknown; readonly id?: unknown };
  if (kind === 'everyone' && id === undefined) return everyone;
  if ((kind === 'organization' || kind === 'user') && typeof id === 'string' && id !== '' && id.length <= maxIdChars) return Object.freeze({ kind, id });
  throw new ConfigError(`${name}: expected { kind: "everyone" } or { kind: "organization" | "user", id } with an id of 1 to ${maxIdChars} characters`);
};

const setReaders = {
  level: oneOf<ReadOnlyStrictness>(['sensitive', 'writes', 'all']),
  scope: scopeOption,
  reason: line(maxReasonChars),
  by: line(maxByChars),
  forMs: optional(integer({ min: 1_000, max: longestMs })),
};

/** Switches on and off, in the one record. */
export function createOrders({ records, clock, random, emit, maxScopes, follower }: OrdersParts): Orders {
  const inTurn = createQueue(clock);

  /** What holds now, of the record and of what this process knows; `next` says what it is to become, undefined leaves it. */
  function change<A>(next: (switches: readonly ReadOnlySwitch[]) => { readonly switches: readonly ReadOnlySwitch[] | undefined; readonly answer: A }): Promise<A> {
    return inTurn(async () => {
      const { record, answer } = await updateJson<unknown, { readonly record: SwitchRecord | undefined; readonly answer: A }>(records, recordKey, (previous) => {
        const holds = reconciled(follower.known(), previous === undefined ? undefined : checkedRecord(previous), clock.nowMs());
        const { switches, answer } = next((holds?.switches ?? []).filter((each) => isOn(each, clock.nowMs())));
        if (switches === undefined) return { value: undefined, answer: { record: undefined, answer } };
        const record = { born: holds?.born ?? Buffer.from(random(bornBytes)).toString('base64url'), revision: (holds?.revision ?? 0) + 1, switches };
        return { value: record, answer: { record, answer } };
      });
      if (record !== undefined) follower.wrote(checkedRecord(record));
      return answer;
    });
  }

  const switchOn = (order: SetOrder): Promise<ReadOnlySwitch> => change((switches) => switchedOn(switches, order, { nowMs: clock.nowMs(), maxScopes }));

  return {
    async set(given) {
      const order: SetOrder = readOptions('read-only.set', given, setReaders);
      const made = await switchOn(order).catch(async (error: unknown) => {
        // The brake must work when the record cannot be read: what other processes know of it, they put back.
        if (!isUnreadable(error) || !(await inTime(clock, removeUnreadable(records)))) throw clear(error);
        return switchOn(order);
      });
      const { level, scope, reason, by, forMs = 0 } = order;
      emit({ type: 'read-only.changed', level, scope: scopeName(scope), reason, by, forMs });
      return made;
    },
    async lift(given) {
      const { scope, by } = readOptions('read-only.lift', given, { scope: scopeOption, by: line(maxByChars) });
      const name = scopeName(scope);
      const lifted = await change<boolean>((switches) => {
        const others = switches.filter((each) => scopeName(each.scope) !== name);
        return others.length < switches.length ? { switches: others, answer: true } : { switches: undefined, answer: false };
      }).catch((error: unknown) => {
        throw clear(error);
      });
      if (lifted) emit({ type: 'read-only.lifted', scope: name, by });
      return lifted;
    },
    async status() {
      const record = await inTime(clock, readRecord(records)).catch((error: unknown) => {
        throw clear(error);
      });
      return Object.freeze((record?.switches ?? []).filter((each) => isOn(each, clock.nowMs())));
    },
  };
}

/** What an order makes of the switches that are on. A switch that is changed keeps its beginning. */
function switchedOn(switches: readonly ReadOnlySwitch[], { level, scope, reason, by, forMs }: SetOrder, { nowMs, maxScopes }: { readonly nowMs: number; readonly maxScopes: number }): { readonly switches: readonly ReadOnlySwitch[]; readonly answer: ReadOnlySwitch } {
  const name = scopeName(scope);
  const others = switches.filter((each) => scopeName(each.scope) !== name);
  // There is always room for everyone.
  if (scope.kind !== 'everyone' && others.filter((each) => each.scope.kind !== 'everyone').length >= maxScopes) {
    throw new ConfigError(`read-only.set: expected at most ${maxScopes} organizations and users; switch it on for everyone`);
  }
  const sinceMs = switches.find((each) => scopeName(each.scope) === name)?.sinceMs ?? nowMs;
  const wanted: ReadOnlySwitch = Object.freeze({ level, scope, reason, by, sinceMs, ...(forMs !== undefined && { untilMs: nowMs + forMs }) });
  return { switches: [...others, wanted], answer: wanted };
}

/** What the driver of a store says, with what it means here. */
function clear(error: unknown): unknown {
  return isPortcullisError(error) ? error : new StoreError('read-only: the record store failed', { cause: error });
}

/** Removes the record if it is there and cannot be understood; answers whether it did. */
async function removeUnreadable(records: RecordStore): Promise<boolean> {
  try {
    const found = await records.read(recordKey);
    if (found === undefined || isReadable(found.value)) return false;
    return await burn(records, { key: recordKey, version: found.version });
  } catch {
    return false;
  }
}

function isReadable(value: string): boolean {
  try {
    checkedRecord(JSON.parse(value));
    return true;
  } catch {
    return false;
  }
}

/** Orders of one process go one after the other: they would only take each other's turn to write. One that hangs must not keep the next from being given. */
function createQueue(clock: Clock): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async function inTurn(work) {
    if (waiting >= maxWaiting) throw new BusyError(`read-only: expected a turn to write, ${maxWaiting} orders wait`, crowdedRetryMs);
    waiting += 1;
    const mine = last.then(() => inTime(clock, work()));
    last = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      waiting -= 1;
    }
  };
}

function inTime<T>(clock: Clock, work: Promise<T>): Promise<T> {
  return withDeadline(work, { clock, deadlineMs, onLate: () => new StoreError('read-only: the record store did not answer in time; an order may still come into force') });
}
