import { Router } from 'express';
import type { Portcullis } from 'portcullis';
import { requestFacts, type ExpressDoors } from 'portcullis/express';
import { answer, doneText } from '../answers.ts';
import type { AuthContext } from '../auth.ts';
import { memberOf, membersOnly } from '../members.ts';
import { ownSessions } from './own-sessions.ts';
import { scopeOf } from './team-second-step.ts';
import { securityPage } from '../views/security.ts';

/** What a member does with authenticator apps, recovery codes, known browsers and the address. */
export function securityRoutes(doors: ExpressDoors, { factors, devices, mfa, epochs }: Portcullis, { data, sessions }: AuthContext): Router {
  const router = Router();
  const signedIn = membersOnly(data.users);
  const proved = [signedIn, doors.guard({ action: 'factor-change' })];

  router.get('/account/security', signedIn, doors.guard(), async (req, res) => {
    const user = memberOf(res);
    const overview = await factors.list({ session: req.session.proofs, facts: requestFacts(req) });
    if (overview.outcome === 'answered') {
      const { status, headers, body } = overview.reply;
      res.status(status).set(headers).end(body);
      return;
    }
    const { outcome: _, ...json } = overview;
    const recognition = await devices.recognize(devices.read(req.headers.cookie), user.id);
    const mayRemoveLast = (await mfa.read(scopeOf(user.teamId))) === undefined;
    const open = await ownSessions({ epochs }, sessions, { req, user });
    answer(req, res, { json: { ...json, sessions: open }, page: securityPage({ user, overview, mayRemoveLast, sessions: open, thisDeviceId: recognition.known ? recognition.deviceId : undefined, done: doneText(req) }) });
  });

  // These two are open to a session that may do nothing else; the doors ask for what is needed.
  router.post('/account/security/enroll', signedIn, doors.enroll);
  router.post('/account/security/confirm', signedIn, doors.confirmFactor);
  router.post('/account/security/remove', ...proved, doors.removeFactor);
  router.post('/account/security/suspend', ...proved, doors.suspendFactor);
  router.post('/account/security/restore', ...proved, doors.restoreFactor);
  router.post('/account/security/codes', ...proved, doors.reissueCodes);
  router.post('/account/security/devices', ...proved, doors.forgetDevices);

  router.post('/account/email', signedIn, doors.guard({ action: 'email-change' }), doors.changeEmail);
  return router;
}
