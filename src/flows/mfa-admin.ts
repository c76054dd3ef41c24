import type { MfaMember, MfaPolicy, MfaPreview, MfaScope } from '../mfa/index.ts';
import { tellFactorChange } from './notices.ts';
import type { FlowParts } from './parts.ts';
import { setMustEnroll, standingOf } from './standing.ts';

/** What an administrator of the app does with the second factors of others. All of it rejects when a store fails: nothing is half a yes. */
export interface MfaAdmin {
  /** Makes a second factor mandatory. Bound members enroll until the grace ends; from then on they reach nothing else. */
  require(wanted: { readonly scope: MfaScope; readonly graceMs: number; readonly by: string }): Promise<MfaPolicy>;
  lift(wanted: { readonly scope: MfaScope; readonly by: string }): Promise<boolean>;
  read(scope: MfaScope): Promise<MfaPolicy | undefined>;
  /** Who would be affected, before it is switched on. */
  preview<M extends MfaMember>(members: AsyncIterable<M> | Iterable<M>): Promise<MfaPreview<M>>;
  /** For a daily job: reminds each member whose deadline is near, once for each offset. Answers how many were reminded. */
  remind(members: AsyncIterable<MfaMember> | Iterable<MfaMember>): Promise<number>;
  /**
   * Removes every second factor of an account whose owner has lost them all. The owner is told, every session must end, and the
   * account must enroll anew before anything else. Ask for two administrators, or for an identity card: this is the way that
   * thieves take by telephone.
   */
  removeFactors(wanted: { readonly accountId: string; readonly by: string }): Promise<{ readonly removed: number; readonly revoke: 'all-sessions' }>;
}

export function createMfaAdmin(parts: FlowParts): MfaAdmin {
  const { accounts, mfa, totp, recovery, devices, epochs, mailer, links, emit, uniform } = parts;

  async function isEnrolled({ accountId }: MfaMember): Promise<boolean> {
    const account = await accounts.findById(accountId);
    return account !== undefined && (await standingOf(parts, account)).factors.enrolled;
  }

  return Object.freeze({
    require: (wanted) => mfa.require(wanted),
    lift: (wanted) => mfa.lift(wanted),
    read: (scope) => mfa.read(scope),
    preview: (members) => mfa.preview(members, isEnrolled),
    async remind(members) {
      let reminded = 0;
      for await (const member of members) {
        const account = await accounts.findById(member.accountId);
        if (account?.active !== true || (await standingOf(parts, account)).factors.enrolled) continue;
        const due = await mfa.dueReminder({ accountId: account.id, organizationIds: account.organizationIds, roles: account.roles });
        if (due === undefined) continue;
        // One mailbox that is full must not keep the others from being told; the mailer's failure has been reported.
        const sent = await mailer.send({ kind: 'second-factor-reminder', to: account.email, deadlineMs: due.deadlineMs, signInLink: links.signIn }).then(() => 1, () => 0);
        reminded += sent;
      }
      return reminded;
    },
    async removeFactors({ accountId, by }) {
      const account = await accounts.findById(accountId);
      if (account === undefined) return { removed: 0, revoke: 'all-sessions' };
      // First what keeps the account shut, so that a process that dies in between leaves no account open without a factor.
      await setMustEnroll(parts, accountId);
      await devices.revokeAll(accountId);
      await epochs.revokeUser({ accountId, by });
      const removed = await totp.removeAll(accountId);
      await recovery.revoke(accountId);
      await accounts.setSecondFactor({ accountId, enrolled: false });
      for (const { id } of removed) emit({ type: 'factor.removed', factorId: id, by: 'admin', accountId });
      emit({ type: 'mfa.factors-removed', by, count: removed.length, accountId });
      tellFactorChange(parts, { account, span: uniform, what: 'removed', by: 'admin' });
      return { removed: removed.length, revoke: 'all-sessions' };
    },
  } satisfies MfaAdmin);
}
