import { networkOf } from '../kernel/address.ts';
import { ConfigError } from '../kernel/errors.ts';
import type { KeyRing } from '../kernel/keys.ts';
import { callback, flag, group, integer, list, optional, port, readOptions, text } from '../kernel/options.ts';
import type { Emit } from '../ports/events.ts';
import { masked, openAddress } from './address.ts';
import type { AuditEntry, AuditValue } from './entry.ts';
import { filesOf, linesOf, type AuditFile } from './file-names.ts';
import { parseAuditLine } from './parse-line.ts';
import { createQueryResult, type AuditedAccount } from './query-result.ts';
import { safeText } from './safe-text.ts';
import { createSourceMatcher, sourcesOption, type SourceMatch } from './sources.ts';

export interface AuditQueryOptions {
  /** The ring of the log, old keys included: it opens addresses. */
  readonly keys: KeyRing;
  /** The sink's `path`: all files of that log are read. */
  readonly path?: string;
  /** The files themselves, instead of `path`. */
  readonly paths?: readonly string[];
  /** What this account did: your opaque id. */
  readonly account?: string;
  /** What came from these network addresses or networks (`203.0.113.0/24`), at most 10,000. */
  readonly sources?: readonly string[];
  /** Only successful sign-ins: who got in. Default false. */
  readonly gotIn?: boolean;
  /** Only these events. Default: all. */
  readonly events?: readonly string[];
  /** From this time on, ms since 1970. Default: the beginning. */
  readonly fromMs?: number;
  /** Before this time, ms since 1970. Default: the end. */
  readonly toMs?: number;
  /** Entries that are told, the oldest first. Default 1,000; the others are counted. */
  readonly maxEntries?: number;
  /** Accounts that are told. Default 10,000. */
  readonly maxAccounts?: number;
  /** Shows addresses in full. Itself an event, `audit.revealed`, which says who wanted to see them and why. */
  readonly reveal?: AuditReveal;
}

export interface AuditReveal {
  readonly by: string;
  readonly reason: string;
  /** The log's own. */
  readonly emit: Emit;
}

/** An entry as it is told: an address is masked, unless it is revealed, and `sealed` where no key of the ring opens it. */
export interface FoundEntry extends AuditEntry {
  /** Where `sources` were asked for: whether it is one of them, or only its masked network has some. */
  readonly source?: SourceMatch;
}

export interface AuditQueryResult {
  readonly entries: readonly FoundEntry[];
  /** All that match, told or not. */
  readonly matched: number;
  /** Whom they are about, in the order of their first one. */
  readonly accounts: readonly AuditedAccount[];
  /** Whether there are more accounts than that. */
  readonly moreAccounts: boolean;
  /** Lines that are no entries. */
  readonly unreadable: number;
  readonly files: readonly string[];
}

/** The defaults of {@link auditQuery}. */
export const auditQueryDefaults = Object.freeze({ gotIn: false, maxEntries: 1_000, maxAccounts: 10_000 });

/**
 * Searches the files of a log: what an account did, who came from these addresses, who of them got in. Memory does not grow with
 * the files. It believes what the files say: verify a chained log first. Rejects for a file that cannot be read; throws
 * ERR_CONFIG for a wrong option.
 */
export async function auditQuery(options: AuditQueryOptions): Promise<AuditQueryResult> {
  const parsed = parseOptions(options);
  const files = await filesOf('auditQuery', parsed.path, parsed.paths);
  const result = createQueryResult(parsed.maxEntries, parsed.maxAccounts);
  let revealed = 0;
  for await (const match of matchesIn(files, parsed)) {
    if (match === 'unreadable') result.unreadable();
    else if (result.add(match.told) && match.inFull) revealed += 1;
  }
  // Before anything is shown. One that cannot be reported does not happen.
  parsed.reveal?.emit({ type: 'audit.revealed', by: parsed.reveal.by, reason: parsed.reveal.reason, count: revealed });
  return Object.freeze({ ...result.all(), files: files.map(({ path }) => path) });
}

function parseOptions(options: AuditQueryOptions) {
  const time = optional(integer({ min: 0, max: 8.64e15 }));
  return readOptions('auditQuery', options, {
    keys: port<KeyRing>(['digests', 'open'], undefined, 'createKeyRing()'),
    path: optional(text()),
    paths: optional(list(text())),
    account: optional(text()),
    sources: optional(sourcesOption),
    gotIn: flag(auditQueryDefaults.gotIn),
    events: optional(list(text())),
    fromMs: time,
    toMs: time,
    maxEntries: integer({ min: 1, max: 100_000, fallback: auditQueryDefaults.maxEntries }),
    maxAccounts: integer({ min: 1, max: 1_000_000, fallback: auditQueryDefaults.maxAccounts }),
    reveal: optional(group({ by: text(), reason: text(), emit: callback<Emit>() })),
  });
}

/**
 * The entries of an audit log, one after the other and not kept: for logs that are larger than memory. Addresses stay masked. Lines
 * that are no entries are passed over. Throws ERR_CONFIG; rejects with what reading a file rejects with.
 */
export async function* auditEntries(options: Omit<AuditQueryOptions, 'maxEntries' | 'maxAccounts' | 'reveal'>): AsyncGenerator<FoundEntry, void, void> {
  const parsed = parseOptions(options);
  // Nothing would report it.
  if (parsed.reveal !== undefined) throw new ConfigError('auditEntries.reveal: expected nothing, since addresses stay masked');
  const files = await filesOf('auditQuery', parsed.path, parsed.paths);
  for await (const match of matchesIn(files, parsed)) if (match !== 'unreadable') yield match.told;
}

async function* matchesIn(files: readonly AuditFile[], parsed: ReturnType<typeof parseOptions>): AsyncGenerator<Match | 'unreadable', void, void> {
  const found = createMatcher(parsed);
  for (const file of files) {
    for await (const { bytes } of linesOf(file, parsed.path)) {
      const entry = bytes && parseAuditLine(bytes)?.entry;
      const match = entry === undefined ? 'unreadable' : found(entry);
      if (match !== undefined) yield match;
    }
  }
}

interface Match {
  readonly told: FoundEntry;
  /** Whether it shows an address that no reader of the log sees. */
  readonly inFull: boolean;
}

/** Makes the function that answers an entry as it is told, or undefined where nobody asked for it. */
function createMatcher(parsed: ReturnType<typeof parseOptions>): (entry: AuditEntry) => Match | undefined {
  const { keys, sources, reveal } = parsed;
  const isAskedFor = createFilter(parsed);
  const matches = sources && createSourceMatcher(sources);
  return (entry) => {
    if (!isAskedFor(entry)) return undefined;
    const where = addressOf(entry, keys);
    const source = where && matches?.(where.address);
    if (matches !== undefined && source === undefined) return undefined;
    const inFull = where?.exact === true && reveal !== undefined;
    const address = where?.exact === true && !inFull ? masked(where.address) : where?.address;
    return { inFull, told: { ...safeEntry(entry), ...(address !== undefined && { address }), ...(source !== undefined && { source }) } };
  };
}

/** All that can be told without opening an address. */
function createFilter({ keys, account, gotIn, events, fromMs = -Infinity, toMs = Infinity }: ReturnType<typeof parseOptions>): (entry: AuditEntry) => boolean {
  const names = account === undefined ? undefined : new Set(namesOf(account, keys));
  const types = events && new Set(events);
  return (entry) => {
    const atMs = Date.parse(entry.time);
    if (atMs < fromMs || atMs >= toMs) return false;
    if (gotIn && entry.event !== 'sign-in.succeeded') return false;
    return types?.has(entry.event) !== false && names?.has(entry.account ?? '') !== false;
  };
}

/** How the log may name an account: an id that looks like an e-mail address stands there as a digest. */
function namesOf(account: string, keys: KeyRing): readonly string[] {
  return account.includes('@') ? keys.digests('account', account).map((digest) => `tag:${digest}`) : [safeText(account)];
}

/** The address of an entry; `exact` where it is a whole one. */
export function addressOf({ address }: AuditEntry, keys: KeyRing): { readonly address: string; readonly exact: boolean } | undefined {
  if (address === undefined) return undefined;
  if (!address.startsWith('v1.')) return { address: safeText(address), exact: networkOf(address) !== undefined };
  const opened = openAddress(keys, address);
  return opened.ok ? { address: opened.address, exact: networkOf(opened.address) !== undefined } : { address: 'sealed', exact: false };
}

const texts = ['time', 'id', 'app', 'event', 'owasp', 'level', 'outcome', 'account', 'nameTag', 'address'] as const;

/** The file may have been written by anybody, and the reader may be a terminal: texts are safe, and nothing else is passed on. */
function safeEntry(entry: AuditEntry): AuditEntry {
  const said = texts.flatMap((field) => (entry[field] === undefined ? [] : [[field, safeText(entry[field])] as const]));
  const details = Object.entries(entry.details).map(([field, value]) => [safeText(field), safeValue(value)] as const);
  return { ...Object.fromEntries(said), ...(entry.factors !== undefined && { factors: entry.factors.map((factor) => safeText(factor)) }), details: Object.fromEntries(details) } as unknown as AuditEntry;
}

function safeValue(value: AuditValue): AuditValue {
  if (typeof value === 'string') return safeText(value);
  return Array.isArray(value) ? value.map((one: string) => safeText(one)) : value;
}
