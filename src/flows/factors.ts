import { cookieLines } from '../kernel/cookies.ts';
import type { KnownDevice } from '../device/index.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { EventDetails, FlowName } from '../ports/events.ts';
import type { Reply } from '../ports/reply.ts';
import type { SessionFacts } from '../ports/session.ts';
import type { TotpFactor } from '../totp/index.ts';
import { labelOf, visit, type Visit } from './door.ts';
import { freshProof, type Fresh } from './fresh.ts';
import { tellFactorChange } from './notices.ts';
import { isProven } from './owner-proof.ts';
import type { Answered, FlowParts } from './parts.ts';
import { refusedAsReadOnly } from './writable.ts';

/** What came with a request of a signed-in person. */
export interface FactorRequest {
  /** What the app's session holds. */
  readonly session: SessionFacts | undefined;
  readonly facts: RequestFacts;
}

export interface FactorChoice extends FactorRequest {
  readonly factorId: unknown;
}

/** Keep `session` under a new id, and end the account's other sessions. */
export interface FactorChanged {
  readonly outcome: 'changed';
  readonly accountId: string;
  readonly session: SessionFacts;
  readonly revoke: 'other-sessions';
  readonly setCookies: readonly string[];
  readonly reply: Reply;
}

/** New recovery codes, the only time that they can be shown. */
export interface CodesIssued extends Omit<FactorChanged, 'outcome'> {
  readonly outcome: 'codes';
  readonly recoveryCodes: readonly string[];
}

/** What its owner may see. */
export interface FactorOverview {
  readonly outcome: 'overview';
  readonly totp: readonly TotpFactor[];
  /** Whether any second factor counts as enrolled, one of the app's own included. */
  readonly enrolled: boolean;
  readonly codesLeft: number;
  readonly devices: readonly KnownDevice[];
  /** A second factor is due from then on, wall-clock ms. */
  readonly enrollUntilMs?: number;
}

/** What a person does with second factors that are enrolled. All ask for a fresh proof, except to look. None rejects. */
export interface Factors {
  /** `session` must be a full one. */
  list(request: FactorRequest): Promise<FactorOverview | Answered>;
  remove(choice: FactorChoice): Promise<FactorChanged | Answered>;
  /** Reports an authenticator lost: it opens nothing until it is restored. */
  suspend(choice: FactorChoice): Promise<FactorChanged | Answered>;
  /** Makes a suspended or disabled authenticator work again. */
  restore(choice: FactorChoice): Promise<FactorChanged | Answered>;
  /** Replaces the recovery codes. */
  reissueCodes(request: FactorRequest): Promise<CodesIssued | Answered>;
  /** Forgets one browser, or with no `deviceId` all of them but this one. */
  forgetDevices(choice: FactorRequest & { readonly deviceId?: unknown }): Promise<FactorChanged | Answered>;
}

type ChangeWork<R> = (fresh: Fresh, current: Visit) => Promise<R | Answered>;

export function createFactors(parts: FlowParts): Factors {
  /** Runs a change once the session has proved enough. */
  function changing<R>(flow: FlowName, request: FactorRequest, work: ChangeWork<R>): Promise<R | Answered> {
    return visit<R | Answered>(parts, { flow, facts: request.facts }, async (current) => {
      const fresh = await freshProof(parts, { session: request.session, action: flow, current });
      return fresh.ok ? (refusedAsReadOnly(parts, current, fresh.account) ?? work(fresh, current)) : fresh.answered;
    });
  }

  const limited = <R extends FactorChanged | CodesIssued>(work: ChangeWork<R>): ChangeWork<R> => (fresh, current) => inLimits(parts, { fresh, current, work });

  return Object.freeze({
    list: (request) => visit<FactorOverview | Answered>(parts, { flow: 'change-factor', facts: request.facts }, (current) => overview(parts, request, current)),
    remove: (choice) => changing('change-factor', choice, limited((fresh, current) => remove(parts, { choice, fresh, current }))),
    suspend: (choice) => changing('change-factor', choice, limited((fresh, current) => setState(parts, { choice, fresh, current, verb: 'suspend' }))),
    restore: (choice) => changing('change-factor', choice, limited((fresh, current) => setState(parts, { choice, fresh, current, verb: 'restore' }))),
    reissueCodes: (request) =>
      changing<CodesIssued>('recovery-codes', request, limited(async (fresh, current) => {
        if (!fresh.standing.factors.enrolled) return refuseChange(parts, { flow: 'recovery-codes', reason: 'none-enrolled', fresh, current });
        const recoveryCodes = await issueCodes(parts, fresh.account.id);
        tellFactorChange(parts, { account: fresh.account, span: current.span, what: 'codes-replaced', by: 'owner' });
        return { ...(await changed(parts, { request, fresh, current })), outcome: 'codes', recoveryCodes };
      })),
    forgetDevices: (choice) =>
      changing('change-factor', choice, async (fresh, current) => {
        if (choice.deviceId === undefined) return changed(parts, { request: choice, fresh, current });
        const removed = await parts.devices.remove({ accountId: fresh.account.id, deviceId: choice.deviceId });
        if (!removed) return refuseChange(parts, { flow: 'change-factor', reason: 'unknown-device', fresh, current });
        return changed(parts, { request: choice, fresh, current, keepDevices: true });
      }),
  } satisfies Factors);
}

/**
 * A change that is told at every address of the owner. Whoever sits in a session must neither make one in silence nor fill a mailbox,
 * and so there are few of them.
 */
async function inLimits<R extends FactorChanged | CodesIssued>({ limiters, limitKeys, uniform }: FlowParts, { fresh, current, work }: { readonly fresh: Fresh; readonly current: Visit; readonly work: ChangeWork<R> }): Promise<R | Answered> {
  const decision = await limiters.factorChange.take({ account: limitKeys.account(fresh.account.id) }, { about: fresh.about });
  if (!decision.ok) return current.now(uniform.comeBack('too-many-requests', decision.retryAfterMs, current.facts.accepts));
  const result = await work(fresh, current);
  // Nothing was changed, and nobody is told.
  if (result.outcome === 'answered') await limiters.factorChange.refund(decision).catch(() => undefined);
  return result;
}

async function overview(parts: FlowParts, request: FactorRequest, current: Visit): Promise<FactorOverview | Answered> {
  const { devices, mfa, clock } = parts;
  const fresh = await freshProof(parts, { session: request.session, action: 'list', current, maxAgeMs: null });
  if (!fresh.ok) return fresh.answered;
  const { standing, account } = fresh;
  const verdict = mfa.decide({ policies: standing.policies, factors: standing.factors, session: request.session as SessionFacts, nowMs: clock.nowMs() });
  return {
    outcome: 'overview',
    totp: standing.totp,
    enrolled: standing.factors.enrolled,
    codesLeft: standing.codesLeft,
    devices: await devices.list(account.id),
    ...(verdict.verdict === 'enroll' && { enrollUntilMs: verdict.graceUntilMs }),
  };
}

function refuseChange({ uniform, emit }: FlowParts, { flow, reason, fresh, current }: { readonly flow: FlowName; readonly reason: EventDetails['factor.change-refused']['reason']; readonly fresh: Fresh; readonly current: Visit }): Answered {
  emit({ type: 'factor.change-refused', flow, reason, ...fresh.about });
  return current.now(uniform.reply('factor-refused', current.facts.accepts));
}

interface Change {
  readonly choice: FactorChoice;
  readonly fresh: Fresh;
  readonly current: Visit;
}

async function remove(parts: FlowParts, { choice, fresh, current }: Change): Promise<FactorChanged | Answered> {
  const { totp, recovery, accounts, emit } = parts;
  const { account, standing, about } = fresh;
  // Whom a policy binds may replace the last one, and not be without.
  const keepLast = standing.policies.length > 0 && !hasOther(standing.factors.usable);
  const removed = await totp.remove({ accountId: account.id, factorId: choice.factorId, keepLast });
  if (removed === 'last') return refuseChange(parts, { flow: 'change-factor', reason: 'last-factor', fresh, current });
  if (removed === undefined) return refuseChange(parts, { flow: 'change-factor', reason: 'unknown-factor', fresh, current });
  emit({ type: 'factor.removed', factorId: removed.id, by: 'owner', ...about });
  // Before what may fail: it has been removed, and its owner is told in any case.
  tellFactorChange(parts, { account, span: current.span, what: 'removed', by: 'owner', name: removed.name });
  // As it is now: of two removals at once, the second one was of the last.
  if ((await totp.list(account.id))?.length === 0) {
    if (!hasOther(standing.factors.usable)) await recovery.revoke(account.id);
    await accounts.setSecondFactor({ accountId: account.id, enrolled: false });
  }
  return changed(parts, { request: choice, fresh, current });
}

/** Whether the app's own kind of factor is there too. */
function hasOther(usable: readonly string[]): boolean {
  return usable.some((method) => method !== 'totp' && method !== 'recovery-code');
}

async function setState(parts: FlowParts, { choice, fresh, current, verb }: Change & { readonly verb: 'suspend' | 'restore' }): Promise<FactorChanged | Answered> {
  const { account, about } = fresh;
  const factor = await parts.totp[verb]({ accountId: account.id, factorId: choice.factorId });
  if (factor === undefined) return refuseChange(parts, { flow: 'change-factor', reason: 'unknown-factor', fresh, current });
  if (verb === 'suspend') parts.emit({ type: 'factor.suspended', factorId: factor.id, ...about });
  else parts.emit({ type: 'factor.restored', factorId: factor.id, ...about });
  tellFactorChange(parts, { account, span: current.span, what: verb === 'suspend' ? 'suspended' : 'restored', by: 'owner', name: factor.name });
  return changed(parts, { request: choice, fresh, current });
}

/** Makes a set of recovery codes. */
export async function issueCodes({ recovery, emit }: FlowParts, accountId: string): Promise<readonly string[]> {
  const codes = await recovery.issue(accountId);
  emit({ type: 'recovery-codes.issued', count: codes.length, accountId });
  return codes;
}

interface Done {
  readonly request: FactorRequest;
  readonly fresh: Fresh;
  readonly current: Visit;
  readonly keepDevices?: boolean;
}

/** After a change no other browser is known to the account and no other session lives; this one goes on under a new id. */
export async function changed(parts: FlowParts, { request, fresh, current, keepDevices = false }: Done): Promise<FactorChanged> {
  const { devices, epochs, canonicalize, uniform } = parts;
  const { account, recognition } = fresh;
  const session = request.session as SessionFacts;
  const browser = devices.read(current.facts.cookies);
  if (!keepDevices) await devices.revokeAll(account.id);
  const mark = await epochs.revokeOthers({ accountId: account.id, organizationIds: account.organizationIds, mark: fresh.session.epochs });
  const cookie = !keepDevices && (recognition.known || session.stage === 'full') ? (await devices.remember({ browser, accountId: account.id, name: canonicalize(account.email), epochs: mark, proven: isProven(parts, session), ...labelOf(current.facts) })).setCookie : undefined;
  await current.span.end();
  return { outcome: 'changed', accountId: account.id, session: { ...session, epochs: mark }, revoke: 'other-sessions', setCookies: cookieLines(cookie), reply: uniform.reply('factor-changed', current.facts.accepts) };
}
