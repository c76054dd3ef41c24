import type { Portcullis } from 'portcullis';
import type { AuthContext } from '../auth.ts';
import { bodyField, textOf } from '../input.ts';
import { memberOf } from '../members.ts';
import type { Sessions } from '../sessions.ts';
import type { ListedSession } from '../views/own-sessions.ts';
import type { Page, Visit } from '../visit.ts';

/** Ending one's own sessions, and the page of a password that must be replaced. */
export function ownSessionPages({ epochs, signOut }: Portcullis, { sessions }: AuthContext): { readonly end: Page; readonly password: Page } {
  return {
    async end(visit) {
      const { id, teamId } = memberOf(visit);
      const given = bodyField(visit, 'session');
      if (given !== undefined) {
        const ended = sessions.end(id, textOf(given, 64) ?? '');
        if (ended) signOut.ended({ accountId: id, by: id, facts: visit.facts });
        return { json: { ok: true, ended }, seeOther: `/account/security?done=session-${ended ? 'ended' : 'gone'}` };
      }
      // Both: the store forgets them, and a request of theirs that is under way brings back nothing that counts.
      const { proofs } = visit.session;
      const mark = await epochs.revokeOthers({ accountId: id, organizationIds: [String(teamId)], mark: proofs?.epochs });
      if (proofs !== undefined) sessions.remember(visit, { ...proofs, epochs: mark });
      sessions.endOthers(id, visit.sessionId);
      return { json: { ok: true }, seeOther: '/account/security?done=sessions-ended' };
    },
    // The guard shows the page to whom it is for; everybody else changes a password on the page of the account.
    password: () => ({ seeOther: '/account' }),
  };
}

/** The sessions of a member that still count: those that were ended from afar are in the store and open nothing. */
export async function ownSessions({ epochs }: Pick<Portcullis, 'epochs'>, sessions: Sessions, visit: Visit): Promise<readonly ListedSession[]> {
  const { id, teamId } = memberOf(visit);
  sessions.seen(visit);
  const listed: ListedSession[] = [];
  for (const { handle, browser, lastSeenMs, proofs } of sessions.list(id)) {
    if (proofs === undefined) continue;
    const { live } = await epochs.check({ accountId: id, organizationIds: [String(teamId)], mark: proofs.epochs, startedAtMs: proofs.startedAtMs });
    if (live) listed.push({ handle, browser, startedAtMs: proofs.startedAtMs, lastSeenMs: lastSeenMs ?? proofs.startedAtMs, isThis: handle === visit.session.handle });
  }
  return listed;
}
