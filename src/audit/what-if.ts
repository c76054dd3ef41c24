import { networkOf } from '../kernel/address.ts';
import type { KeyRing } from '../kernel/keys.ts';
import { callback, group, integer, list, optional, port, readOptions, text } from '../kernel/options.ts';
import type { Emit } from '../ports/events.ts';
import { masked } from './address.ts';
import type { AuditEntry } from './entry.ts';
import { filesOf, linesOf, type AuditFile } from './file-names.ts';
import { parseAuditLine } from './parse-line.ts';
import { addressOf, type AuditReveal } from './query.ts';
import { safeText } from './safe-text.ts';
import { createAttempts, type AttemptEntry, type ObservedDecision, type Where } from './what-if-attempts.ts';
import { whatIfResult, type AuditWhatIfResult } from './what-if-result.ts';
import { createTally } from './what-if-tally.ts';

export interface AuditWhatIfOptions {
  /** The ring of the log, old keys included: it opens addresses. */
  readonly keys: KeyRing;
  /** The sink's `path`: all files of that log are read. */
  readonly path?: string;
  /** The files themselves, instead of `path`. */
  readonly paths?: readonly string[];
  /** From this time on, ms since 1970. Default: the beginning. */
  readonly fromMs?: number;
  /** Before this time, ms since 1970. Default: the end. */
  readonly toMs?: number;
  /** Sign-ins inside that are told one by one, the oldest first. Default 1,000; the others are counted. */
  readonly maxEntries?: number;
  /** Networks, and accounts, that are told, the busiest first. Default 20. */
  readonly maxTop?: number;
  /** Shows networks in full. Itself an event, `audit.revealed`, which says who wanted to see them and why. */
  readonly reveal?: AuditReveal;
}

/** The defaults of {@link auditWhatIf}. */
export const auditWhatIfDefaults = Object.freeze({ maxEntries: 1_000, maxTop: 20 });

/**
 * Says what guards that only observed would have done: which attempts to sign in they would have turned away or asked for more, why, and what came of
 * those attempts. Memory does not grow with the files. It believes what the files say: verify a chained log first. Rejects for a file that cannot be
 * read; throws ERR_CONFIG for a wrong option.
 */
export async function auditWhatIf(options: AuditWhatIfOptions): Promise<AuditWhatIfResult> {
  const parsed = parseOptions(options);
  const files = await filesOf('auditWhatIf', parsed.path, parsed.paths);
  const read = createReader(parsed);
  for (const file of files) await readFile(file, parsed.path, read);
  const { result, revealed } = read.end(files.map(({ path }) => path));
  // Before anything is shown. One that cannot be reported does not happen.
  parsed.reveal?.emit({ type: 'audit.revealed', by: parsed.reveal.by, reason: parsed.reveal.reason, count: revealed });
  return result;
}

function parseOptions(options: AuditWhatIfOptions) {
  const time = optional(integer({ min: 0, max: 8.64e15 }));
  return readOptions('auditWhatIf', options, {
    keys: port<KeyRing>(['digest', 'digests', 'open'], undefined, 'createKeyRing()'),
    path: optional(text()),
    paths: optional(list(text())),
    fromMs: time,
    toMs: time,
    maxEntries: integer({ min: 1, max: 100_000, fallback: auditWhatIfDefaults.maxEntries }),
    maxTop: integer({ min: 1, max: 1_000, fallback: auditWhatIfDefaults.maxTop }),
    reveal: optional(group({ by: text(), reason: text(), emit: callback<Emit>() })),
  });
}

type Parsed = ReturnType<typeof parseOptions>;

async function readFile(file: AuditFile, path: string | undefined, read: ReturnType<typeof createReader>): Promise<void> {
  for await (const { bytes } of linesOf(file, path)) {
    const entry = bytes && parseAuditLine(bytes)?.entry;
    if (entry === undefined || !read.entry(entry)) read.unreadable();
  }
}

/** What the report is made of. All other events are passed over. */
const kinds: ReadonlySet<string> = new Set(['limiter.refused', 'login-guard.decided', 'sign-in.succeeded', 'sign-in.pending', 'sign-in.failed', 'request.malformed']);

function createReader(parsed: Parsed) {
  const { keys, fromMs = -Infinity, toMs = Infinity } = parsed;
  const tally = createTally(parsed);
  const attempts = createAttempts((attempt, outcome) => { tally.ended(attempt, outcome); });
  const span: { firstTime?: string; lastTime?: string } = {};
  let unreadable = 0;
  let sealed = 0;
  const about = (entry: AuditEntry, atMs: number): AttemptEntry => {
    const found = addressOf(entry, keys);
    if (found?.address === 'sealed') sealed += 1;
    return attemptEntry(entry, atMs, found);
  };

  return {
    unreadable(): void {
      unreadable += 1;
    },
    /** Answers false for one that is not what its event says. */
    entry(entry: AuditEntry): boolean {
      const atMs = Date.parse(entry.time);
      if (atMs < fromMs || atMs >= toMs) return true;
      const time = new Date(atMs).toISOString();
      span.firstTime ??= time;
      span.lastTime = time;
      if (!kinds.has(entry.event)) return true;
      if (entry.event !== 'limiter.refused' && entry.event !== 'login-guard.decided') {
        tellEnd(attempts, entry, () => about(entry, atMs));
        return true;
      }
      const decision = decisionOf(entry);
      if (decision === undefined) return false;
      const isObserved = entry.details['enforced'] === false;
      tally.decided(decision, !isObserved);
      if (isObserved && (decision.limiter ?? decision.flow ?? 'sign-in') === 'sign-in') attempts.decided(about(entry, atMs), decision);
      return true;
    },
    end(paths: readonly string[]) {
      attempts.end();
      return whatIfResult({ ...tally.all(), ...span, unreadable, sealed, files: paths }, parsed);
    },
  };
}

function tellEnd(attempts: ReturnType<typeof createAttempts>, { event, details }: AuditEntry, about: () => AttemptEntry): void {
  if (event === 'sign-in.succeeded') attempts.succeeded(about());
  else if (event === 'sign-in.pending') attempts.pending(about());
  // The app's own challenge comes before the password, and its event does not say whom it was about.
  else if (event === 'sign-in.failed' && details['reason'] !== 'challenge-refused') attempts.failed(about());
  else if (event === 'request.malformed' && details['flow'] === 'sign-in') attempts.failed(about());
}

function decisionOf({ event, details }: AuditEntry): ObservedDecision | undefined {
  const { limiter, rule, verdict, reasons, enforced, flow } = details;
  if (typeof enforced !== 'boolean') return undefined;
  if (event === 'limiter.refused') {
    if (typeof limiter !== 'string' || typeof rule !== 'string') return undefined;
    return { guard: 'limiter', limiter: safeText(limiter), verdict: 'refuse', reasons: [safeText(rule)] };
  }
  if ((verdict !== 'refuse' && verdict !== 'step-up') || !Array.isArray(reasons) || reasons.length === 0) return undefined;
  return { guard: 'login-guard', ...(typeof flow === 'string' && { flow: safeText(flow) }), verdict, reasons: [...new Set((reasons as readonly string[]).slice(0, 20).map(safeText))] };
}

function attemptEntry({ account, nameTag }: AuditEntry, atMs: number, found: ReturnType<typeof addressOf>): AttemptEntry {
  return { time: new Date(atMs).toISOString(), atMs, account: account && safeText(account), nameTag: nameTag && safeText(nameTag), where: found && whereOf(found.address, found.exact) };
}

/** What no key of the ring opens, and what was no address, is no network: those who have nothing else in common would be taken for a crowd. */
function whereOf(address: string, exact: boolean): Where | undefined {
  const network = networkOf(exact ? address : address.split('/')[0]);
  if (network === undefined) return undefined;
  return exact ? { key: network.key, masked: masked(address), exact } : { key: address, masked: address, exact };
}
