import { StoreError } from '../../kernel/errors.ts';
import { accountRecordKey, readJson, updateJson } from '../../kernel/json-record.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import { forEachOf } from '../../kernel/for-each.ts';

/** Why an account counts as affected: the first reason that was found. */
export type AffectedBecause = 'listed' | 'signed-in' | 'breached' | 'exposed';

export const causes = Object.freeze(['listed', 'signed-in', 'breached', 'exposed'] as const satisfies readonly AffectedBecause[]);

/** `atMs`: when somebody signed in from the attack's sources, wall-clock ms. */
export interface Affected {
  readonly accountId: string;
  readonly because: AffectedBecause;
  readonly atMs?: number;
}

export type CauseCounts = Readonly<Record<AffectedBecause, number>>;

/** `before`: how many were found in the lists before this one, so that the last one tells the sum. */
interface Chunk {
  readonly before: CauseCounts;
  readonly found: readonly Affected[];
}

/** What is done once for an account: `ended` its sessions, `shut` its browsers and links, `renewed` its budgets of mails. */
export type OnceDone = 'ended' | 'shut' | 'renewed';

/** One account of the list. */
interface AccountRecord extends Partial<Readonly<Record<OnceDone, boolean>>> {
  readonly because: AffectedBecause;
}

/** Accounts of one record: 256 ids of 1,024 characters are 260 kB. */
export const chunkSize = 256;
const atOnce = 16;

export const noCauses: CauseCounts = Object.freeze({ listed: 0, 'signed-in': 0, breached: 0, exposed: 0 });

export interface AffectedList {
  /** Adds those that are not on the list yet, in records from number `at` on. Answers the number of the next one. */
  add(batch: readonly Affected[], at: number): Promise<number>;
  /** The accounts of one record. */
  read(at: number): Promise<readonly Affected[]>;
  /** How many there are in the first `chunks` records. */
  counts(chunks: number): Promise<CauseCounts>;
  has(accountId: string): Promise<boolean>;
  /** Calls `work` for an account of the list, unless that has been done. A process that dies in it leaves it to be done again. */
  once(accountId: string, what: OnceDone, work: () => Promise<void>): Promise<void>;
}

interface Places {
  readonly records: RecordStore;
  readonly run: string;
  readonly expiresAtMs: () => number;
}

/** The records that list accounts. */
function createChunks({ records, run, expiresAtMs }: Places) {
  const keyOf = (at: number): string => accountRecordKey('incident-list', `${run} ${at}`);

  async function read(at: number): Promise<Chunk | undefined> {
    const found = await readJson<unknown>(records, keyOf(at));
    return found && checkedChunk(found.value);
  }

  return {
    read,
    /** Answers what the record holds now: what was to be written, or what somebody else wrote before. */
    write: (at: number, chunk: Chunk): Promise<{ readonly won: boolean; readonly chunk: Chunk }> =>
      updateJson<unknown, { readonly won: boolean; readonly chunk: Chunk }>(records, keyOf(at), (previous) =>
        previous === undefined ? { value: chunk, answer: { won: true, chunk }, expiresAtMs: expiresAtMs() } : { value: undefined, answer: { won: false, chunk: checkedChunk(previous) } }),
    counts: async (chunks: number): Promise<CauseCounts> => {
      if (chunks === 0) return noCauses;
      const last = await read(chunks - 1);
      if (last === undefined) throw lostChunk();
      return summed(last);
    },
  };
}

/** The records of single accounts. */
function createMarks({ records, run, expiresAtMs }: Places) {
  const keyOf = (accountId: string): string => accountRecordKey('incident-affected', `${run} ${accountId}`);

  async function read(accountId: string): Promise<AccountRecord | undefined> {
    return (await readJson<AccountRecord>(records, keyOf(accountId)))?.value;
  }

  return {
    read,
    noteAll: (found: readonly Affected[]): Promise<void> =>
      forEachOf(found, atOnce, ({ accountId, because }) =>
        updateJson<AccountRecord, undefined>(records, keyOf(accountId), (previous) => ({ value: previous === undefined ? { because } : undefined, answer: undefined, expiresAtMs: expiresAtMs() }))),
    noteDone: (accountId: string, what: OnceDone): Promise<void> =>
      updateJson<AccountRecord, undefined>(records, keyOf(accountId), (previous) => ({ value: { because: 'listed', ...previous, [what]: true }, answer: undefined, expiresAtMs: expiresAtMs() })),
    /** Those that have no record yet, each once. */
    async unknownOf(batch: readonly Affected[]): Promise<readonly Affected[]> {
      const each = new Map<string, Affected>();
      for (const one of batch) if (!each.has(one.accountId)) each.set(one.accountId, one);
      const fresh = new Set<string>();
      await forEachOf([...each.keys()], atOnce, async (accountId) => {
        if ((await read(accountId)) === undefined) fresh.add(accountId);
      });
      return [...each.values()].filter(({ accountId }) => fresh.has(accountId));
    },
  };
}

/**
 * The affected accounts of an incident: records of at most 256 each, and one record for each account, so that nobody is on the list
 * twice. A record is written first and its accounts after it; whoever finds a record that they did not write finishes it before they
 * go on. So a process may die at any moment, and two may write at once.
 */
export function createAffectedList(places: Places): AffectedList {
  const chunks = createChunks(places);
  const marks = createMarks(places);

  return {
    counts: chunks.counts,
    async add(batch, from) {
      for (let at = from; ; at += 1) {
        const found = await marks.unknownOf(batch);
        // Also where nobody is new: a record that somebody has left half done is finished, or its accounts would be found again.
        if (found.length === 0 && (await chunks.read(at)) === undefined) return at;
        const { won, chunk } = await chunks.write(at, { before: await chunks.counts(at), found });
        await marks.noteAll(chunk.found);
        if (won) return at + 1;
      }
    },
    async read(at) {
      const chunk = await chunks.read(at);
      if (chunk === undefined) throw lostChunk();
      return chunk.found;
    },
    has: async (accountId) => (await marks.read(accountId)) !== undefined,
    async once(accountId, what, work) {
      if ((await marks.read(accountId))?.[what] === true) return;
      await work();
      await marks.noteDone(accountId, what);
    },
  };
}

function summed({ before, found }: Chunk): CauseCounts {
  const sum: Record<AffectedBecause, number> = { ...before };
  for (const { because } of found) sum[because] += 1;
  return sum;
}

function checkedChunk(value: unknown): Chunk {
  const { before, found } = Object(value) as { readonly before?: unknown; readonly found?: unknown };
  const counted = causes.every((cause) => Number.isSafeInteger((Object(before) as Partial<Record<AffectedBecause, unknown>>)[cause]));
  if (!counted || !Array.isArray(found) || found.length > chunkSize || !found.every(isAffected)) throw new StoreError('records: expected accounts in a record of the kind "incident-list"');
  return value as Chunk;
}

function isAffected(value: unknown): boolean {
  const { accountId, because, atMs } = Object(value) as { readonly [K in keyof Affected]?: unknown };
  return typeof accountId === 'string' && accountId !== '' && causes.includes(because as AffectedBecause) && (atMs === undefined || Number.isFinite(atMs));
}

function lostChunk(): StoreError {
  return new StoreError('records: a list of affected accounts is gone; contain the incident anew under another id');
}
