import { digestsEqual } from '../kernel/compare.ts';
import { withDeadline } from '../kernel/deadline.ts';
import { StoreError } from '../kernel/errors.ts';
import { accountRecordKey, readJson, updateJson } from '../kernel/json-record.ts';
import type { KeyRing } from '../kernel/keys.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { ChainEnd } from './chain.ts';

/** Where the record of a chain's end lies. */
export interface AnchorPlace {
  readonly records: RecordStore;
  readonly keys: KeyRing;
  /** Names the chain's file among all that share the store. */
  readonly name: string;
}

/** The record says where the chain had got to; `forged`: somebody without the key wrote it. */
export type FoundAnchor = ChainEnd | 'absent' | 'forged';

type AnchorRecord = ChainEnd & { readonly tag: string };

/** Reads the record. Rejects where the store is broken. */
export async function readAnchor({ records, keys, name }: AnchorPlace): Promise<FoundAnchor> {
  const record = await readJson<Partial<AnchorRecord>>(records, keyOf(name));
  return record === undefined ? 'absent' : genuine(keys, name, record.value);
}

export interface AnchorOptions extends AnchorPlace {
  readonly everyEntries: number;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly onFailure: (error: unknown) => void;
  /** The record is ahead of the chain, or of another one. It is left as it is, as evidence. */
  readonly onConflict: () => void;
}

/** Keeps the end of a chain in the record store, where whoever cuts the file does not reach it. */
export interface Anchor {
  /** The chain goes on from here: what the record may not be ahead of. */
  begin(end: ChainEnd): void;
  /** One more line. Saved after so many, or after a while. Never waits. */
  moved(end: ChainEnd): void;
  /** Saves at once what is not saved yet. Never rejects. */
  flush(): Promise<void>;
}

/** The store gets this long to answer, ms. */
export const anchorDeadlineMs = 2_000;

export function createAnchor(options: AnchorOptions): Anchor {
  const { records, keys, name, everyEntries, everyMs, clock, onFailure, onConflict } = options;
  let known: ChainEnd = { id: '', seq: 0, mac: '' };
  let latest: ChainEnd | undefined;
  let since = 0;
  let cancel: (() => void) | undefined;
  let saving: Promise<void> | undefined;

  async function save(end: ChainEnd): Promise<void> {
    const written = await updateJson<Partial<AnchorRecord>, boolean>(records, keyOf(name), (previous) =>
      previous === undefined || isBehind(genuine(keys, name, previous), known) ? { value: { ...end, tag: tagOf(keys, name, end) }, answer: true } : { value: undefined, answer: false });
    if (written) known = end;
    else onConflict();
  }

  async function saveLatest(): Promise<void> {
    const end = latest;
    latest = undefined;
    since = 0;
    cancel?.();
    cancel = undefined;
    if (end === undefined) return;
    await withDeadline(save(end), { clock, deadlineMs: anchorDeadlineMs, onLate: () => new StoreError('audit anchor: the record store did not answer') }).catch(onFailure);
  }

  function start(): Promise<void> {
    saving ??= saveLatest().finally(() => {
      saving = undefined;
    });
    return saving;
  }

  return {
    begin(end) {
      known = end;
      latest = undefined;
    },
    moved(end) {
      latest = end;
      since += 1;
      cancel ??= clock.after(everyMs, () => void start(), true);
      if (since >= everyEntries) void start();
    },
    async flush() {
      await saving;
      await start();
    },
  };
}

/** Whether a chain that ends with `known` may have grown from there. */
function isBehind(found: FoundAnchor, known: ChainEnd): boolean {
  if (found === 'absent') return true;
  if (found === 'forged' || found.id !== known.id) return false;
  return found.seq < known.seq || (found.seq === known.seq && digestsEqual(found.mac, known.mac));
}

function genuine(keys: KeyRing, name: string, { id, seq, mac, tag }: Partial<AnchorRecord>): FoundAnchor {
  if (typeof id !== 'string' || !Number.isSafeInteger(seq) || typeof mac !== 'string' || typeof tag !== 'string') return 'forged';
  const end = { id, seq: seq as number, mac };
  return keys.digests('audit', taggedText(name, end)).some((expected) => digestsEqual(expected, tag)) ? end : 'forged';
}

function tagOf(keys: KeyRing, name: string, end: ChainEnd): string {
  return keys.digest('audit', taggedText(name, end));
}

function taggedText(name: string, { id, seq, mac }: ChainEnd): string {
  return `portcullis/audit/anchor\n${JSON.stringify([name, id, seq, mac])}`;
}

function keyOf(name: string): string {
  return accountRecordKey('audit-chain', name);
}
