import { isIP } from 'node:net';
import { sha256 } from '../../kernel/compare.ts';
import { ConfigError } from '../../kernel/errors.ts';
import { cleanLabel } from '../../kernel/label.ts';
import { callback, flag, group, integer, list, oneOf, optional, readOptions, wrong, type OptionReader } from '../../kernel/options.ts';
import type { MfaScope } from '../../mfa/index.ts';
import type { ReadOnlyStrictness } from '../../read-only/index.ts';
import type { ResetReason } from '../../resets/index.ts';
import type { StepName } from './record.ts';

/** Who counts as affected. All that is named is looked for; times are wall-clock ms. */
export interface AffectedPlan {
  /** Addresses of the attack, or their networks (`192.0.2.0/24`): whoever signed in from there. At most 1,000. */
  readonly sources?: readonly string[];
  /** When the attack began. Default: as far back as there are entries. */
  readonly fromMs?: number;
  /** When it ended. Default: when the sessions had ended. */
  readonly untilMs?: number;
  /** A list that somebody has made. At most 100,000. An empty one is none, and refused where it would be the only cause. */
  readonly accountIds?: readonly string[];
  /** Whose password is known to be in a leak: marked so, or refused at a sign-in for it. */
  readonly breached?: boolean;
  /** Whose address is in a leak, as the exposure source says. Slow: it is asked after everything urgent is done. */
  readonly exposed?: boolean;
  /** Every password that was set before must be replaced, whoever has it. These are not told one by one. */
  readonly passwordsSetBeforeMs?: number;
}

/** Reasons for which the old password opens nothing. For the weaker ones it still opens the account to whoever has it, to choose the next one. */
export type ContainReset = Extract<ResetReason, 'incident' | 'breached' | 'compromised'>;

/** What is to be done. */
export interface ContainPlan {
  /** Names the incident: 1 to 64 letters, digits, `.`, `_` and `-`. The same id goes on where it stopped. */
  readonly id: string;
  /** Who orders it. */
  readonly by: string;
  /** What happened, as users may read it: one line. */
  readonly reason: string;
  /** Counts, and writes and mails nothing. */
  readonly dryRun?: boolean;
  /** Default `{ level: 'writes' }`. `forMs`: it ends by itself after that. */
  readonly readOnly?: { readonly level: ReadOnlyStrictness; readonly forMs?: number } | false;
  /** Whose sessions end. Default everyone's. */
  readonly sessions?: 'everyone' | 'affected' | { readonly organizations: readonly string[] };
  readonly affected: AffectedPlan;
  /** Why the passwords of the affected must be replaced. Default `incident`; `admin` and `initial` are refused. */
  readonly reset?: ContainReset | false;
  /** Makes a second factor mandatory. Default: it stays as it is. */
  readonly secondFactor?: { readonly scope: MfaScope; readonly graceMs: number } | false;
  /** Who is written to. Default both. */
  readonly notices?: { readonly affected: boolean; readonly everyoneElse: boolean };
  /** When somebody noticed, for the time line. Default: the moment of `contain`. */
  readonly noticedMs?: number;
  onProgress?(progress: ContainProgress): void;
  /** Ends it after what is under way: it rejects with the signal's reason, and the same call goes on. */
  readonly signal?: AbortSignal;
}

/** Told when a step begins and ends, and after each batch of a long one. */
export interface ContainProgress {
  readonly step: StepName;
  readonly state: 'begun' | 'going' | 'done' | 'failed';
  /** Accounts that this step has done so far, where it goes through many. */
  readonly accounts: number;
}

/** The plan as it was read, with every default. */
export interface Plan {
  readonly id: string;
  readonly by: string;
  readonly reason: string;
  readonly dryRun: boolean;
  readonly readOnly: { readonly level: ReadOnlyStrictness; readonly forMs: number | undefined } | false;
  readonly sessions: 'everyone' | 'affected' | { readonly organizations: readonly string[] };
  readonly affected: { readonly [K in keyof Required<AffectedPlan>]: AffectedPlan[K] | undefined };
  readonly reset: ContainReset | false;
  readonly secondFactor: { readonly scope: MfaScope; readonly graceMs: number } | false;
  readonly notices: { readonly affected: boolean; readonly everyoneElse: boolean };
  readonly noticedMs: number | undefined;
  readonly onProgress: (progress: ContainProgress) => void;
  readonly signal: AbortSignal | undefined;
  /** Digest of what was asked for: another plan under the same id is refused. */
  readonly tag: string;
}

/** Far above every id that apps give out. */
export const maxIdChars = 1_024;
const maxByChars = 200;
const maxReasonChars = 300;
const maxSources = 1_000;
const maxListed = 100_000;
const maxOrganizations = 1_000;
const yearMs = 366 * 86_400_000;
/** What a Date can hold. */
const latestMs = 8.64e15;

const moment = integer({ min: 1, max: latestMs });

export const incidentId: OptionReader<string> = (given, name) => {
  if (typeof given !== 'string' || given.length > 64 || !/^[\w.-]+$/.test(given)) throw wrong(name, '1 to 64 letters, digits, ".", "_" and "-"', given);
  return given;
};

export function line(maxChars: number): OptionReader<string> {
  return (given, name) => {
    const cleaned = cleanLabel(given, maxChars);
    // Cut, two different texts could become one.
    if (cleaned === '' || (given as string).length > maxChars * 2) throw wrong(name, `a line of 1 to ${maxChars} characters`, given);
    return cleaned;
  };
}

/** Who orders something. */
export const orderedBy: OptionReader<string> = line(maxByChars);

const accountId: OptionReader<string> = (given, name) => {
  if (typeof given !== 'string' || given === '' || given.length > maxIdChars) throw wrong(name, `an id of 1 to ${maxIdChars} characters`, given);
  return given;
};

const source: OptionReader<string> = (given, name) => {
  const expected = 'an address, or a network such as 192.0.2.0/24';
  if (typeof given !== 'string' || given.length > 64) throw wrong(name, expected, given);
  const [address = '', bits, ...rest] = given.split('/');
  const version = isIP(address);
  const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
  if (version === 0 || !fits || rest.length > 0) throw wrong(name, expected, given);
  return given;
};

/** A list that is counted before it is looked at. */
function shortList<T>(read: OptionReader<T>, most: number): OptionReader<readonly T[]> {
  return (given, name) => {
    if (Array.isArray(given) && given.length > most) throw wrong(name, `at most ${most}`, given);
    return list(read)(given, name);
  };
}

function orFalse<T>(read: OptionReader<T>, fallback?: T | false): OptionReader<T | false> {
  return (given, name) => {
    if (given === false) return false;
    return given === undefined && fallback !== undefined ? fallback : read(given, name);
  };
}

const sessions: OptionReader<Plan['sessions']> = (given = 'everyone', name) => {
  if (given === 'everyone' || given === 'affected') return given;
  if (typeof given !== 'object' || given === null) throw wrong(name, '"everyone" | "affected" | { organizations }', given);
  const { organizations } = readOptions(name, given, { organizations: shortList(accountId, maxOrganizations) });
  if (organizations.length === 0) throw wrong(`${name}.organizations`, 'at least one id', organizations);
  return { organizations: Object.freeze([...new Set(organizations)]) };
};

const mfaScope: OptionReader<MfaScope> = (given, name) => {
  const { kind, id } = readOptions(name, given, { kind: oneOf(['app', 'organization', 'role']), id: optional(accountId) });
  if (kind === 'app' && id === undefined) return Object.freeze({ kind });
  if (kind === 'app' || id === undefined) throw new ConfigError(`${name}: expected { kind: "app" } or { kind: "organization" | "role", id }`);
  return Object.freeze({ kind, id });
};

const signal: OptionReader<AbortSignal> = (given, name) => {
  if (!(given instanceof AbortSignal)) throw wrong(name, 'an AbortSignal', given);
  return given;
};

const resetReasons = ['compromised', 'breached', 'incident'] as const satisfies readonly ContainReset[];

const bothNotices = Object.freeze({ affected: true, everyoneElse: true });

const readers = {
  id: incidentId,
  by: orderedBy,
  reason: line(maxReasonChars),
  dryRun: flag(false),
  readOnly: orFalse(group({ level: oneOf<ReadOnlyStrictness>(['sensitive', 'writes', 'all']), forMs: optional(integer({ min: 1_000, max: yearMs })) }), { level: 'writes' as const, forMs: undefined }),
  sessions,
  affected: group({
    sources: optional(shortList(source, maxSources)),
    fromMs: optional(moment),
    untilMs: optional(moment),
    accountIds: optional(shortList(accountId, maxListed)),
    breached: optional(flag(false)),
    exposed: optional(flag(false)),
    passwordsSetBeforeMs: optional(moment),
  }),
  reset: orFalse(oneOf<ContainReset>(resetReasons, 'incident')),
  secondFactor: orFalse(group({ scope: mfaScope, graceMs: integer({ min: 0, max: yearMs }) }), false),
  notices: ((given, name) => (given === undefined ? bothNotices : group({ affected: flag(true), everyoneElse: flag(true) })(given, name))) as OptionReader<Plan['notices']>,
  noticedMs: optional(moment),
  onProgress: callback<(progress: ContainProgress) => void>(() => undefined),
  signal: optional(signal),
};

/** What the app has handed in to look with. */
export interface Means {
  readonly signIns: boolean;
  readonly entries: boolean;
  readonly pages: boolean;
  readonly exposure: boolean;
}

/** The plan, or ERR_CONFIG naming the field: also for what is asked for and cannot be looked up. */
export function readPlan(given: unknown, means: Means): Plan {
  const whole = readOptions('incident.contain', given, readers);
  checkLists(whole.affected);
  const read = { ...whole, affected: withoutEmpty(whole.affected) };
  checkMeans(read, means);
  const { dryRun, onProgress, signal: _signal, by, ...asked } = read;
  // Not who asks: a colleague may go on with what somebody has begun. Not the time of a dry run either.
  return Object.freeze({ ...asked, dryRun, onProgress, by, signal: read.signal, tag: sha256(JSON.stringify(asked)).toString('base64url') });
}

/** An empty list alone is a mistake, of a query or a file: "0 affected" would be taken for the end of it. */
function checkLists({ sources, accountIds, breached, exposed, passwordsSetBeforeMs }: Plan['affected']): void {
  const remains = [sources, accountIds].some((given) => given !== undefined && given.length > 0) || breached === true || exposed === true || passwordsSetBeforeMs !== undefined;
  if (remains) return;
  if (accountIds !== undefined) throw new ConfigError('incident.contain.affected.accountIds: expected at least one id, got none');
  if (sources !== undefined) throw new ConfigError('incident.contain.affected.sources: expected at least one address, got none');
}

/** A query for the sign-ins from no source might be taken for one from any. */
function withoutEmpty(affected: Plan['affected']): Plan['affected'] {
  const { sources, accountIds } = affected;
  return { ...affected, sources: sources?.length === 0 ? undefined : sources, accountIds: accountIds?.length === 0 ? undefined : accountIds };
}

function checkMeans({ affected, reset, notices, sessions: ended }: Pick<Plan, 'affected' | 'reset' | 'notices' | 'sessions'>, means: Means): void {
  const { sources, fromMs = 0, untilMs = Infinity, breached, exposed, passwordsSetBeforeMs } = affected;
  const faults: readonly (readonly [is: boolean, field: string, expected: string])[] = [
    [fromMs >= untilMs, 'affected.untilMs', 'a moment after fromMs'],
    [sources !== undefined && !means.signIns, 'affected.sources', 'nothing, since incident.signIns is not given'],
    [breached === true && !means.entries && !means.pages, 'affected.breached', 'nothing, since neither incident.entries nor incident.pages is given'],
    [exposed === true && !(means.exposure && means.pages), 'affected.exposed', 'nothing, since incident.exposure or incident.pages is not given'],
    [passwordsSetBeforeMs !== undefined && reset === false, 'affected.passwordsSetBeforeMs', 'nothing where reset is false'],
    [notices.everyoneElse && !means.pages, 'notices.everyoneElse', 'false, since incident.pages is not given'],
    [ended === 'affected' && !hasCause(affected), 'sessions', '"everyone" or organizations where affected names nobody'],
  ];
  for (const [is, field, expected] of faults) if (is) throw new ConfigError(`incident.contain.${field}: expected ${expected}`);
}

function hasCause({ sources, accountIds, breached, exposed }: Plan['affected']): boolean {
  return sources !== undefined || accountIds !== undefined || breached === true || exposed === true;
}
