import { digestsEqual } from '../kernel/compare.ts';
import type { FoundAnchor } from './anchor.ts';
import type { ChainEnd, ExaminedLine } from './chain.ts';
import type { ChainLink } from './parse-line.ts';
import type { AnchorState } from './verify.ts';

/**
 * What is wrong at a line. `edited`: not as it was written. `missing`: lines before it are gone. `reordered`: a genuine line in
 * the wrong place, or a second time. `truncated`: the log ends here, and had gone on. `malformed`: no entry at all. `unchained`: an
 * entry from before the chain, or one that was put in. `unknown-key`: its key is not on the ring.
 */
export type AuditProblemKind = 'edited' | 'missing' | 'reordered' | 'truncated' | 'malformed' | 'unchained' | 'unknown-key';

/** One problem, at a line counted from 1. */
export interface AuditFileProblem {
  readonly file: string;
  readonly line: number;
  readonly kind: AuditProblemKind;
}

export interface ChainFindings {
  readonly ok: boolean;
  readonly entries: number;
  readonly torn: number;
  readonly firstSeq: number | undefined;
  readonly lastSeq: number | undefined;
  readonly anchor: AnchorState;
  readonly problems: readonly AuditFileProblem[];
  readonly problemCount: number;
}

/** Follows a chain line by line. */
export interface ChainCheck {
  begin(file: string): void;
  /** A line that is no entry. `unfinished`: it may be one that was not written to its end. */
  unreadable(line: number, ended: boolean, unfinished: boolean): void;
  see(line: number, seen: ExaminedLine): void;
  end(anchor: FoundAnchor | undefined): ChainFindings;
}

type Place = Omit<AuditFileProblem, 'kind'>;

export function createChainCheck(maxProblems: number, anchor: ChainEnd | undefined): ChainCheck {
  const problems = createProblems(maxProblems);
  const unfinishedLines = createUnfinished(maxProblems, problems);
  let at: Place = { file: '', line: 0 };
  let last: ChainEnd | undefined;
  let firstSeq: number | undefined;
  let entries = 0;
  /** Lines since the last genuine one that may stand where it had its successors. */
  let spoiled = 0;
  let passedOver = false;

  function follow(link: ChainLink): void {
    entries += 1;
    firstSeq ??= link.seq;
    if (anchor?.id === link.id && anchor.seq === link.seq && !digestsEqual(anchor.mac, link.mac)) passedOver = true;
    const { kind, goesOn } = faultOf(link, last, spoiled);
    if (kind !== undefined) problems.tell(at, kind);
    if (!goesOn) return;
    last = { id: link.id, seq: link.seq, mac: link.mac };
    spoiled = 0;
  }

  function spoil(kind: AuditProblemKind): void {
    spoiled += 1;
    problems.tell(at, kind);
  }

  return {
    begin(file) {
      at = { file, line: 0 };
    },
    unreadable(line, ended, unfinished) {
      at = { ...at, line };
      if (unfinished) {
        unfinishedLines.add(at, ended ? 'malformed' : 'truncated');
        return;
      }
      spoiled += unfinishedLines.settle(0);
      spoil('malformed');
    },
    see(line, seen) {
      at = { ...at, line };
      spoiled += unfinishedLines.settle(seen.kind === 'genuine' ? (seen.link.torn ?? 0) : 0);
      if (seen.kind === 'genuine') follow(seen.link);
      else spoil(seen.kind);
    },
    end(found) {
      unfinishedLines.settle(0);
      const state = anchorState(found, last, passedOver);
      if (state === 'passed-over') problems.tell(at, 'truncated');
      const { list, count } = problems.all();
      const ok = count === 0 && (state === 'unknown' || state === 'reached');
      return { ok, entries, torn: unfinishedLines.torn(), firstSeq, lastSeq: last?.seq, anchor: state, problems: list, problemCount: count };
    },
  };
}

/** What is wrong with a genuine line at this place, and whether the chain goes on from it. */
function faultOf({ id, seq, prev, first }: ChainLink, last: ChainEnd | undefined, spoiled: number): { readonly kind?: AuditProblemKind; readonly goesOn: boolean } {
  if (last === undefined) return first !== true && seq > 1 && spoiled === 0 ? { kind: 'missing', goesOn: true } : { goesOn: true };
  // The first line of another chain: the old one cannot be told to have ended here.
  if (id !== last.id) return seq === 1 ? { kind: 'missing', goesOn: true } : { kind: 'reordered', goesOn: false };
  if (seq <= last.seq) return { kind: 'reordered', goesOn: false };
  const lost = seq === last.seq + 1 ? !digestsEqual(prev, last.mac) : seq - last.seq - 1 > spoiled;
  return lost ? { kind: 'missing', goesOn: true } : { goesOn: true };
}

interface Problems {
  tell(at: Place, kind: AuditProblemKind): void;
  tellMore(count: number): void;
  all(): { readonly list: readonly AuditFileProblem[]; readonly count: number };
}

function createProblems(maxProblems: number): Problems {
  const list: AuditFileProblem[] = [];
  let count = 0;
  return {
    tell(at, kind) {
      count += 1;
      if (list.length < maxProblems) list.push({ ...at, kind });
    },
    tellMore(more) {
      count += more;
    },
    all: () => ({ list: Object.freeze(list), count }),
  };
}

/** Lines that are no entries wait for the next one, which says how many unfinished ones its writer found before it. */
function createUnfinished(maxProblems: number, problems: Problems) {
  let waiting: { readonly at: Place; readonly kind: AuditProblemKind }[] = [];
  let count = 0;
  let torn = 0;
  return {
    add(at: Place, kind: AuditProblemKind): void {
      count += 1;
      if (waiting.length < maxProblems) waiting.push({ at, kind });
    },
    /** Answers how many of them nobody knows of. */
    settle(known: number): number {
      const excused = Math.min(known, count);
      torn += excused;
      // The writer found the newest ones: those before them are what is wrong.
      const wrong = waiting.slice(0, count - excused);
      for (const { at, kind } of wrong) problems.tell(at, kind);
      problems.tellMore(count - excused - wrong.length);
      const unknown = count - excused;
      waiting = [];
      count = 0;
      return unknown;
    },
    torn: () => torn,
  };
}

function anchorState(found: FoundAnchor | undefined, last: ChainEnd | undefined, passedOver: boolean): AnchorState {
  if (found === undefined) return 'unknown';
  if (typeof found === 'string') return found;
  return !passedOver && last?.id === found.id && last.seq >= found.seq ? 'reached' : 'passed-over';
}
