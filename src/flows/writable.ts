import type { StoredAccount } from '../ports/accounts.ts';
import type { Visit } from './door.ts';
import type { Answered, FlowParts } from './parts.ts';

/**
 * The refusal of what changes something, while the app is read-only; undefined where it may go on. Passwords are no matter of it:
 * whoever must replace one, or has got a thief to shut out, can. What guards the routes may have refused it before; this holds
 * for apps that have forgotten one. What would change an account that is there is labelled `sensitive`: that is what a thief does.
 */
export function refusedAsReadOnly({ readOnly, uniform }: Pick<FlowParts, 'readOnly' | 'uniform'>, { facts, now }: Visit, account?: StoredAccount): Answered | undefined {
  const verdict = readOnly.check({ method: 'POST', ...(account !== undefined && { label: 'sensitive' }), accountId: account?.id, organizationIds: account?.organizationIds });
  if (verdict.allowed) return undefined;
  const { level, retryAfterMs, switch: found } = verdict;
  return now(uniform.readOnly({ level, reason: found?.reason ?? '', retryAfterMs, ...(found?.untilMs !== undefined && { untilMs: found.untilMs }) }, facts.accepts));
}
