import type { StoredAccount } from '../ports/accounts.ts';
import type { SessionFacts } from '../ports/session.ts';
import type { ForcedReset, ResetSubject } from '../resets/index.ts';
import type { Visit } from './door.ts';
import { nobody } from './epochs.ts';
import type { FlowParts } from './parts.ts';

/** Whose password is asked about; for nobody, as many reads of records that are not there. */
export function resetSubject(account: StoredAccount | undefined, name = ''): ResetSubject {
  return { accountId: account?.id ?? nobody(name), passwordSetAtMs: account?.passwordSetAtMs, organizationIds: account?.organizationIds };
}

/** An order to replace the password, where the session has come by it. One that came by another way is no business of the password. */
export async function forcedOn({ resets }: Pick<FlowParts, 'resets'>, account: StoredAccount, { proofs }: SessionFacts): Promise<ForcedReset | undefined> {
  // It comes back from the app's store, which may hold anything.
  const byPassword = typeof proofs === 'object' && (proofs as unknown) !== null && 'password' in proofs;
  return byPassword ? resets.check(resetSubject(account)) : undefined;
}

/**
 * A new password is stored: what was ordered of the old one is done. A store that fails at it must not make a failure of what
 * has happened; it is tried once more after the answer, and until then the account stays shut.
 */
export async function forcedResetDone({ resets }: Pick<FlowParts, 'resets'>, account: StoredAccount, { span, startedAtMs }: Pick<Visit, 'span' | 'startedAtMs'>): Promise<void> {
  const clear = (): Promise<void> => resets.cleared({ ...resetSubject(account), asOfMs: startedAtMs });
  await clear().catch(() => {
    span.later('forced-reset-cleared', clear);
  });
}
