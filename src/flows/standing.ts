import { withDeadline } from '../kernel/deadline.ts';
import { StoreError } from '../kernel/errors.ts';
import { inputText, isGiven } from '../kernel/identifier.ts';
import { accountRecordKey, burn, readJson, unreadableRecord, updateJson } from '../kernel/json-record.ts';
import type { MfaFactors, MfaPolicy } from '../mfa/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { FlowParts } from './parts.ts';
import type { TotpFactor } from '../totp/index.ts';

/** Where an account stands: what it has enrolled, and what binds it. */
export interface Standing {
  readonly factors: MfaFactors;
  readonly policies: readonly MfaPolicy[];
  readonly totp: readonly TotpFactor[];
  readonly codesLeft: number;
}

interface MustEnroll {
  readonly sinceMs: number;
}

function isMustEnroll(value: unknown): value is MustEnroll {
  const { sinceMs } = (value ?? {}) as { readonly sinceMs?: unknown };
  return typeof sinceMs === 'number' && Number.isFinite(sinceMs) && sinceMs >= 0;
}

/** What an answer of the app about its own factor may take, ms. */
const ownDeadlineMs = 2_000;

/**
 * Reads where an account stands. `known`: the request comes from a browser that the account knows, which may still use a factor
 * that strangers have got disabled. A factor that the app's table tells of and the record store does not know has been lost:
 * the account counts as enrolled, and stays shut until an administrator removes the mark.
 */
export async function standingOf(parts: FlowParts, account: StoredAccount, known = false): Promise<Standing> {
  const { totp, recovery, mfa, records } = parts;
  const [list, status, policies, must, own] = await Promise.all([
    totp.list(account.id),
    recovery.status(account.id),
    mfa.policiesFor(account),
    readJson<MustEnroll>(records, mustEnrollKey(account.id)),
    hasOwnFactor(parts, account.id),
  ]);
  // Since when decides which session is nobody's proof.
  if (must !== undefined && !isMustEnroll(must.value)) throw unreadableRecord('records: expected a record of the kind "must-enroll"');
  const lost = list === undefined && account.hasSecondFactor;
  if (lost) parts.emit({ type: 'factor.records-lost', accountId: account.id });
  const factors = list ?? [];
  const enrolled = own || lost || factors.length > 0;
  const codesLeft = enrolled && status !== undefined ? status.left : 0;
  if (list !== undefined) mend(parts, account, list.length > 0);
  const usable = usableOf(parts, { factors, known, own, codesLeft });
  return { factors: { enrolled, usable, ...(must !== undefined && { mustEnrollSinceMs: must.value.sinceMs }) }, policies, totp: factors, codesLeft };
}

/** What can be given now, by name. */
function usableOf({ secondFactor }: FlowParts, { factors, known, own, codesLeft }: { readonly factors: readonly TotpFactor[]; readonly known: boolean; readonly own: boolean; readonly codesLeft: number }): readonly string[] {
  const isUsable = ({ state }: TotpFactor): boolean => state === 'active' || (known && state === 'disabled');
  return [
    ...(factors.some(isUsable) ? ['totp'] : []),
    ...(own && secondFactor.own !== undefined ? [secondFactor.own.method] : []),
    ...(codesLeft > 0 ? ['recovery-code'] : []),
  ];
}

/** A process that died between the record and the app's table has left the mark behind. */
function mend({ uniform, accounts }: FlowParts, { id, hasSecondFactor }: StoredAccount, enrolled: boolean): void {
  if (hasSecondFactor !== enrolled) uniform.later('second-factor-mark', () => accounts.setSecondFactor({ accountId: id, enrolled }));
}

async function hasOwnFactor({ secondFactor: { own }, clock }: FlowParts, accountId: string): Promise<boolean> {
  if (own === undefined) return false;
  const answer: unknown = await inOwnTime(clock, async () => own.isEnrolled(accountId));
  if (typeof answer !== 'boolean') throw new StoreError('secondFactor.own.isEnrolled: expected true or false');
  return answer;
}

function inOwnTime<T>(clock: FlowParts['clock'], ask: () => Promise<T>): Promise<T> {
  return withDeadline(ask(), { clock, deadlineMs: ownDeadlineMs, onLate: () => new StoreError(`secondFactor.own: no answer within ${ownDeadlineMs} ms`) });
}

/** What came in as a second factor. */
export interface FactorInput {
  /** A code of an authenticator, or a recovery code. */
  readonly code: unknown;
  /** What the app's own factor understands. */
  readonly proof?: unknown;
}

export type FactorCheck =
  | { readonly ok: true; readonly method: string; readonly left?: number; readonly reissue?: boolean }
  | { readonly ok: false; readonly method: string; readonly reason: string; readonly retryAfterMs?: number; readonly disabledNow: readonly string[] };

/** Looks at a second factor, once. Which kind it is shows by its form: six digits are no recovery code. */
export async function checkFactor(parts: FlowParts, { accountId, known, input }: { readonly accountId: string; readonly known: boolean; readonly input: FactorInput }): Promise<FactorCheck> {
  const { secondFactor, clock } = parts;
  const { own } = secondFactor;
  // A form sends a field that was left empty as an empty string.
  if (own !== undefined && isGiven(input.proof)) {
    const right = (await hasOwnFactor(parts, accountId)) && (await inOwnTime(clock, async () => own.verify({ accountId, response: input.proof })));
    return (right as unknown) === true ? { ok: true, method: own.method } : { ok: false, method: own.method, reason: 'wrong-proof', disabledNow: [] };
  }
  const text = inputText(input.code, 64);
  return text !== undefined && /^[\d\s-]+$/.test(text) && text.replaceAll(/\D/g, '').length <= 10 ? checkTotp(parts, accountId, known, text) : checkRecovery(parts, accountId, known, input.code);
}

async function checkTotp({ totp }: FlowParts, accountId: string, known: boolean, code: string): Promise<FactorCheck> {
  const first = await totp.verify({ accountId, code, known });
  // Known browsers that have used up their tries are strangers: a copied cookie must not shut out all the others.
  const verdict = known && !first.ok && first.reason === 'disabled' ? await totp.verify({ accountId, code }) : first;
  if (verdict.ok) return { ok: true, method: 'totp' };
  const { reason } = verdict;
  return { ok: false, method: 'totp', reason, disabledNow: reason === 'wait' ? [] : (verdict.disabledNow ?? []), ...(reason === 'wait' && { retryAfterMs: verdict.retryAfterMs }) };
}

async function checkRecovery({ recovery }: FlowParts, accountId: string, known: boolean, code: unknown): Promise<FactorCheck> {
  const verdict = await recovery.redeem({ accountId, code, known });
  if (verdict.ok) return { ok: true, method: 'recovery-code', left: verdict.left, reissue: verdict.reissue };
  return { ok: false, method: 'recovery-code', reason: verdict.reason, disabledNow: [], ...(verdict.reason === 'wait' && { retryAfterMs: verdict.retryAfterMs }) };
}

/** From now on the account must enroll before anything else, whatever the policies say. */
export async function setMustEnroll({ records, clock }: FlowParts, accountId: string): Promise<void> {
  await updateJson<MustEnroll, undefined>(records, mustEnrollKey(accountId), (previous) => ({ value: isMustEnroll(previous) ? undefined : { sinceMs: clock.nowMs() }, answer: undefined }));
}

export async function clearMustEnroll({ records }: FlowParts, accountId: string): Promise<void> {
  const key = mustEnrollKey(accountId);
  const found = await records.read(key);
  if (found !== undefined) await burn(records, { key, version: found.version });
}

function mustEnrollKey(accountId: string): string {
  return accountRecordKey('must-enroll', accountId);
}
