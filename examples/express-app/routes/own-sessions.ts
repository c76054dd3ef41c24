import { Router, type Request } from 'express';
import type { Portcullis } from 'portcullis';
import { requestFacts, type ExpressDoors } from 'portcullis/express';
import { answer } from '../answers.ts';
import type { AuthContext } from '../auth.ts';
import { bodyField, textOf } from '../input.ts';
import { memberOf, membersOnly, type Member } from '../members.ts';
import type { Sessions } from '../sessions.ts';
import type { ListedSession } from '../views/own-sessions.ts';

/** Ending one's own sessions, and the page of a password that must be replaced. */
export function ownSessionRoutes(doors: ExpressDoors, { epochs, signOut }: Portcullis, { data, sessions }: AuthContext): Router {
  const router = Router();
  const signedIn = membersOnly(data.users);

  router.post('/account/security/sessions', signedIn, doors.guard({ action: 'end-sessions' }), async (req, res) => {
    const { id, teamId } = memberOf(res);
    const given = bodyField(req, 'session');
    const { proofs } = req.session;
    if (given !== undefined) {
      const ended = await sessions.end(id, textOf(given, 64) ?? '');
      if (ended) signOut.ended({ accountId: id, by: id, facts: requestFacts(req) });
      answer(req, res, { json: { ok: true, ended }, seeOther: `/account/security?done=session-${ended ? 'ended' : 'gone'}` });
      return;
    }
    // Both: the store forgets them, and a request of theirs that is under way brings back nothing that counts.
    const mark = await epochs.revokeOthers({ accountId: id, organizationIds: [String(teamId)], mark: proofs?.epochs });
    if (proofs !== undefined) sessions.remember(req, { ...proofs, epochs: mark });
    await sessions.endOthers(id, req.sessionID);
    answer(req, res, { json: { ok: true }, seeOther: '/account/security?done=sessions-ended' });
  });

  // The guard shows the page to whom it is for; everybody else changes a password on the page of the account.
  router.get('/account/password', signedIn, doors.guard(), (_req, res) => {
    res.redirect(303, '/account');
  });
  return router;
}

/** The sessions of a member that still count: those that were ended from afar are in the store and open nothing. */
export async function ownSessions({ epochs }: Pick<Portcullis, 'epochs'>, sessions: Sessions, { req, user: { id, teamId } }: { readonly req: Request; readonly user: Member }): Promise<readonly ListedSession[]> {
  sessions.seen(req);
  const listed: ListedSession[] = [];
  for (const { handle, browser, lastSeenMs, proofs } of await sessions.list(id)) {
    if (proofs === undefined) continue;
    const { live } = await epochs.check({ accountId: id, organizationIds: [String(teamId)], mark: proofs.epochs, startedAtMs: proofs.startedAtMs });
    if (live) listed.push({ handle, browser, startedAtMs: proofs.startedAtMs, lastSeenMs: lastSeenMs ?? proofs.startedAtMs, isThis: handle === req.session.handle });
  }
  return listed;
}
