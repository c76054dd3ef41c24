import { ConfigError } from '../kernel/errors.ts';
import { inputText } from '../kernel/identifier.ts';
import { callback, flag, integer, oneOf, optional, readOptions, wrong, type OptionReader } from '../kernel/options.ts';
import type { BeforeOrder } from './before-marks.ts';
import type { MarkAllJob, ResetSubject } from './resets.ts';
import { isTime, resetReasons, type ResetReason } from './reasons.ts';

const dayMs = 86_400_000;
/** Far above every id that apps give out; what is longer is a mistake. */
export const maxIdChars = 1_024;
/** It is stored and told of as it is. */
const maxByChars = 256;
/** Organizations of one account. Each costs a read. */
const maxOrganizations = 100;

const id: OptionReader<string> = (given, name) => {
  if (typeof given !== 'string' || given === '' || given.length > maxIdChars) throw wrong(name, `an id of 1 to ${maxIdChars} characters`, given);
  return given;
};

const short: OptionReader<string> = (given, name) => {
  const text = inputText(given, maxByChars);
  if (text === undefined) throw wrong(name, `a text of 1 to ${maxByChars} characters`, given);
  return text;
};

const signal: OptionReader<AbortSignal | undefined> = (given, name) => {
  if (given !== undefined && !(given instanceof AbortSignal)) throw wrong(name, 'an AbortSignal', given);
  return given;
};

const reason: OptionReader<ResetReason> = oneOf(resetReasons);

export function readMark(given: unknown): { readonly accountId: string; readonly reason: ResetReason; readonly by: string } {
  return readOptions('resets.mark', given, { accountId: id, reason, by: short });
}

export function readUnmark(given: unknown): { readonly accountId: string; readonly by: string } {
  return readOptions('resets.unmark', given, { accountId: id, by: short });
}

/** A moment that is far from now is in another unit, and would mean every password there will ever be. */
export function readMarkBefore(given: unknown, nowMs: number): BeforeOrder {
  const beforeMs = integer({ min: 1, max: nowMs + dayMs });
  return readOptions('resets.markBefore', given, { beforeMs, reason, by: short, organizationId: optional(id) });
}

export function readLiftBefore(given: unknown): { readonly by: string; readonly organizationId: string | undefined } {
  return readOptions('resets.liftBefore', given, { by: short, organizationId: optional(id) });
}

export type Job = Omit<MarkAllJob, 'dryRun'> & { readonly dryRun: boolean };

export function readJob(given: unknown): Job {
  const { where, signal: stop, ...job } = readOptions('resets.markAll', given, {
    id: short,
    reason,
    by: short,
    pages: callback<MarkAllJob['pages']>(),
    where: optional(callback<NonNullable<MarkAllJob['where']>>()),
    dryRun: flag(false),
    onProgress: callback<NonNullable<MarkAllJob['onProgress']>>(() => undefined),
    signal,
  });
  return { ...job, ...(where && { where }), ...(stop && { signal: stop }) };
}

export interface Subject {
  readonly accountId: string;
  readonly setAtMs: number;
  readonly organizationIds: readonly string[];
}

/**
 * Who is asked about, as the app's table says it. A time that cannot be one is that of the oldest password: every mark means it.
 * Null or one bare id instead of a list would be no organization, or one for each letter: ERR_CONFIG.
 */
export function readSubject(piece: string, { accountId, passwordSetAtMs, organizationIds }: ResetSubject, nowMs: number): Subject {
  if (organizationIds !== undefined && !Array.isArray(organizationIds)) throw wrong(`${piece}.organizationIds`, 'an array of ids', organizationIds);
  const ids = [...new Set(organizationIds)].map((each) => id(each, `${piece}.organizationIds`));
  if (ids.length > maxOrganizations) throw new ConfigError(`${piece}.organizationIds: expected at most ${maxOrganizations}, got ${ids.length}`);
  const possible = isTime(passwordSetAtMs) && passwordSetAtMs <= nowMs + dayMs;
  return { accountId: id(accountId, `${piece}.accountId`), setAtMs: possible ? passwordSetAtMs : 0, organizationIds: ids };
}

/** When the change of a password began, at the latest now. */
export function readAsOf(asOfMs: number | undefined, nowMs: number): number {
  if (asOfMs !== undefined && !isTime(asOfMs)) throw wrong('resets.cleared.asOfMs', 'wall-clock ms since 1970', asOfMs);
  return Math.min(asOfMs ?? nowMs, nowMs);
}
