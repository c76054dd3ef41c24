import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type { ReadOnlyStrictness } from 'portcullis/read-only';
import type { ContainmentPlan } from './data/containments.ts';
import { addressOf, bodyField, textOf } from './input.ts';
import type { Visit } from './visit.ts';

export const levels = ['sensitive', 'writes', 'all'] as const satisfies readonly ReadOnlyStrictness[];

/** What was typed, or why it cannot be used. */
export type Typed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly string[] };

export interface ReadOnlyForm {
  readonly level: ReadOnlyStrictness;
  readonly reason: string;
  readonly forMs?: number;
}

const maxMinutes = 30 * 24 * 60;
const maxReasonChars = 300;
const maxSources = 1_000;
const maxListChars = 100_000;
/** Accounts that a form names. */
export const maxAccounts = 1_000;

export function readOnlyForm(visit: Pick<Visit, 'body'>): Typed<ReadOnlyForm> {
  const level = levels.find((each) => each === bodyField(visit, 'level'));
  const reason = line(bodyField(visit, 'reason'));
  const typed = textOf(bodyField(visit, 'minutes'), 10);
  const minutes = typed === undefined ? undefined : Number(/^\d{1,6}$/.test(typed) ? typed : NaN);
  const problems = [
    ...(level === undefined ? ['Choose what to refuse.'] : []),
    ...(reason === undefined ? ['Say why, in one line: everybody reads it.'] : []),
    ...(minutes === undefined || (minutes >= 1 && minutes <= maxMinutes) ? [] : [`Minutes: a number from 1 to ${maxMinutes}, or nothing.`]),
  ];
  if (level === undefined || reason === undefined || problems.length > 0) return { ok: false, problems };
  return { ok: true, value: { level, reason, ...(minutes !== undefined && { forMs: minutes * 60_000 }) } };
}

/** The plan of a containment. Its id says when it was made. */
export function containmentForm(visit: Pick<Visit, 'body'>, { by, nowMs, accountOf }: { readonly by: string; readonly nowMs: number; readonly accountOf: (emailOrId: string) => string | undefined }): Typed<ContainmentPlan> {
  const reason = line(bodyField(visit, 'reason'));
  const [sources, named] = [listed(bodyField(visit, 'sources')), listed(bodyField(visit, 'accounts'))];
  const wrong = sources.filter((each) => !isSource(each));
  const accounts = named.slice(0, maxAccounts).map((each) => ({ each, id: accountOf(addressOf(each) ?? each) }));
  const unknown = accounts.filter(({ id }) => id === undefined).map(({ each }) => each);
  const [from, until] = [moment(bodyField(visit, 'from')), moment(bodyField(visit, 'until'))];
  const problems = [
    ...(reason === undefined ? ['Say what happened, in one line: everybody is told it.'] : []),
    ...(wrong.length > 0 ? [`No address or network: ${wrong.slice(0, 5).join(', ').slice(0, 200)}`] : []),
    ...(unknown.length > 0 ? [`No account of ours: ${unknown.slice(0, 5).join(', ').slice(0, 200)}`] : []),
    ...(named.length > maxAccounts ? [`At most ${maxAccounts} accounts.`] : []),
    ...(sources.length > maxSources ? [`At most ${maxSources} addresses and networks.`] : []),
    ...(from.ok && until.ok ? [] : ['A moment looks like 2025-10-23 18:20.']),
    ...(from.ok && until.ok && from.value !== undefined && from.value >= (until.value ?? nowMs) ? ['The attack must begin before it ends, and before now.'] : []),
  ];
  if (reason === undefined || !from.ok || !until.ok || problems.length > 0) return { ok: false, problems };
  const id = `${new Date(nowMs).toISOString().slice(0, 16).replace('T', '-').replace(':', '')}-${randomBytes(4).toString('hex')}`;
  return {
    ok: true,
    value: {
      id,
      by,
      reason,
      sources,
      accountIds: [...new Set(accounts.flatMap(({ id }) => id ?? []))],
      ...(from.value !== undefined && { fromMs: from.value }),
      ...(until.value !== undefined && { untilMs: until.value }),
      reset: bodyField(visit, 'reset') === 'yes',
      secondFactor: bodyField(visit, 'secondFactor') === 'yes',
    },
  };
}

/** One a line, or with commas between. What cannot be a list at all is one entry that nobody can mistake for none. */
function listed(value: unknown): readonly string[] {
  if (value === undefined || value === '') return [];
  const text = textOf(value, maxListChars);
  if (text === undefined) return typeof value === 'string' && value.trim() === '' ? [] : ['the list, which is too long or no text'];
  return text.split(/[\r\n,;]+/).map((each) => each.trim()).filter((each) => each !== '');
}

function line(value: unknown): string | undefined {
  const text = textOf(value, maxReasonChars)?.replace(/\s+/g, ' ');
  return text !== undefined && /[\p{L}\p{N}]/u.test(text) ? text : undefined;
}

function isSource(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  return version !== 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)));
}

/** What a `datetime-local` field sends, as UTC. */
function moment(value: unknown): { readonly ok: true; readonly value: number | undefined } | { readonly ok: false; readonly value?: undefined } {
  const text = textOf(value, 30);
  if (text === undefined) return { ok: true, value: undefined };
  const [, day, time] = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)$/.exec(text) ?? [];
  const atMs = Date.parse(`${day ?? ''}T${time ?? ''}Z`);
  return Number.isNaN(atMs) || atMs < 1 ? { ok: false } : { ok: true, value: atMs };
}
