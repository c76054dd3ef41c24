import { withDeadline } from '../kernel/deadline.ts';
import { StoreError } from '../kernel/errors.ts';
import type { KeyRing } from '../kernel/keys.ts';
import type { Clock } from '../ports/clock.ts';
import type { RandomSource } from '../ports/random.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { anchorDeadlineMs, createAnchor, readAnchor, type AnchorPlace, type FoundAnchor } from './anchor.ts';
import { createChainKeys, type ChainEnd, type ChainKeys } from './chain.ts';
import { auditFiles } from './file-names.ts';
import { lastBytes, type LineMaker } from './line-maker.ts';
import type { FileEnd } from './log-file.ts';
import { isJson, type ChainLink } from './parse-line.ts';
import { maxLineBytes } from './read-lines.ts';

/** What is wrong with a chain that is to be continued. */
export type ChainTrouble = 'truncated' | 'anchor-forged' | 'anchor-ahead';

export interface ChainedLinesOptions {
  readonly keys: KeyRing;
  readonly records: RecordStore | undefined;
  readonly anchorName: string;
  readonly anchorEntries: number;
  readonly anchorMs: number;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly onTrouble: (trouble: ChainTrouble) => void;
  readonly onStoreFailure: (error: unknown) => void;
}

/** As much of a file's end as is looked at for the last line of a chain. */
const endBytes = 2 * maxLineBytes;
/** Files looked at for a chain's end, newest first, where the current one has no line yet. */
const maxLooks = 3;

/** Lines that each name the one before. A chain goes on after a restart and in the next file. */
export function chainedLines(options: ChainedLinesOptions): LineMaker {
  const { keys, records, anchorName, clock, onTrouble, onStoreFailure } = options;
  const chain = createChainKeys(keys);
  const place = records && { records, keys, name: anchorName };
  const anchor = place && createAnchor({
    ...place,
    everyEntries: options.anchorEntries,
    everyMs: options.anchorMs,
    clock,
    onFailure: onStoreFailure,
    onConflict() {
      onTrouble('anchor-ahead');
    },
  });
  let end: ChainEnd | undefined;
  let made: ChainEnd | undefined;
  let fresh = true;

  return {
    async resume(path, sizeBytes) {
      const tail = await tailOf(chain, path, sizeBytes);
      fresh = tail.fresh;
      if (end === undefined) {
        end = await findEnd(tail.last ?? (await endOfFiles(chain, path)), place, options);
        anchor?.begin(end);
      }
      return tail.end;
    },
    make(entry, file, unfinished = 0) {
      const { id, seq, mac } = end ?? { id: '', seq: 0, mac: '' };
      const torn = file.pieces() + unfinished;
      const line = chain.line(entry, { id, seq: seq + 1, prev: mac, ...(fresh && { first: true as const }), ...(torn > 0 && { torn }) } satisfies Omit<ChainLink, 'key' | 'mac'>);
      made = line.end;
      return line.bytes;
    },
    written() {
      if (made === undefined) return;
      end = made;
      fresh = false;
      anchor?.moved(end);
    },
    async flush() {
      await anchor?.flush();
    },
    forget() {
      end = undefined;
    },
  };
}

/** Where the chain goes on: behind its last line, or behind the end that the record store knows where lines are gone. */
async function findEnd(found: ChainEnd | undefined, place: AnchorPlace | undefined, { clock, random, onTrouble, onStoreFailure }: ChainedLinesOptions): Promise<ChainEnd> {
  const kept = await anchored();
  if (kept === 'forged') onTrouble('anchor-forged');
  if (typeof kept === 'string') return found ?? { id: random(9).toString('base64url'), seq: 0, mac: '' };
  if (found?.id === kept.id && found.seq >= kept.seq) return found;
  // So that the gap is found for ever.
  onTrouble('truncated');
  return kept;

  async function anchored(): Promise<FoundAnchor> {
    if (place === undefined) return 'absent';
    const late = { clock, deadlineMs: anchorDeadlineMs, onLate: () => new StoreError('audit anchor: the record store did not answer') };
    // A log without its anchor is better than none: the record is compared again before it is replaced.
    return withDeadline(readAnchor(place), late).catch((error: unknown) => {
      onStoreFailure(error);
      return 'absent';
    });
  }
}

interface Tail {
  /** The last genuine line, where one is near the end. */
  readonly last: ChainEnd | undefined;
  /** Whether the file has no whole line yet. */
  readonly fresh: boolean;
  readonly end: FileEnd;
}

async function tailOf(chain: ChainKeys, path: string, sizeBytes: number): Promise<Tail> {
  const bytes = await lastBytes(path, sizeBytes, endBytes);
  const lines = splitLines(bytes);
  const open = lines.length > 0 && (lines.at(-1)?.length ?? 0) > 0;
  if (!open) lines.pop();
  const whole = bytes.length === sizeBytes;
  // Of a longer file, the first piece is the end of a line.
  if (!whole) lines.shift();
  let pieces = 0;
  for (const line of lines.reverse()) {
    const seen = chain.examine(line);
    if (seen.kind === 'genuine') return { last: seen.link, fresh: false, end: { open, pieces } };
    if (seen.kind === 'malformed' && !isJson(line)) pieces += 1;
    else return { last: lastGenuine(chain, lines), fresh: false, end: { open, pieces } };
  }
  return { last: undefined, fresh: whole, end: { open, pieces } };
}

function lastGenuine(chain: ChainKeys, newestFirst: readonly Buffer[]): ChainEnd | undefined {
  for (const line of newestFirst) {
    const seen = chain.examine(line);
    if (seen.kind === 'genuine') return seen.link;
  }
  return undefined;
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, at));
    start = at + 1;
  }
  if (bytes.length > 0) lines.push(bytes.subarray(start));
  return lines;
}

/** The end of the chain in the files that were moved away from `path`. */
async function endOfFiles(chain: ChainKeys, path: string): Promise<ChainEnd | undefined> {
  const moved = (await auditFiles(path)).filter((file) => file.path !== path).reverse();
  for (const { path: file, size } of moved.slice(0, maxLooks)) {
    const { last } = await tailOf(chain, file, size);
    if (last !== undefined) return last;
  }
  return undefined;
}
