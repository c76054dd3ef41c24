import { Router } from 'express';
import type { ExpressDoors } from 'portcullis/express';
import type { AuthContext, ProtectedAuth } from '../shared/auth.ts';
import { adminsOnly, membersOnly } from '../shared/members.ts';
import { operatorFreshness, operatorsOnly, sameSiteOnly } from '../shared/operators.ts';
import { incidentPages } from '../shared/pages/operator-incidents.ts';
import { livePages } from '../shared/pages/operator-live.ts';
import { operatorPages } from '../shared/pages/operator.ts';
import { ownSessionPages } from '../shared/pages/own-sessions.ts';
import { linkToToken, secondStepPages } from '../shared/pages/second-step.ts';
import { securityOverview } from '../shared/pages/security.ts';
import { teamSecondStepPages } from '../shared/pages/team-second-step.ts';
import { gate, page } from './visit.ts';

/** The routes that the protected mode alone has. */
export function protectedRoutes(doors: ExpressDoors, auth: ProtectedAuth, context: AuthContext): Router {
  const router = Router();
  addMemberRoutes(router, doors, auth, context);
  addOperatorRoutes(router, doors, auth, context);
  return router;
}

function addMemberRoutes(router: Router, doors: ExpressDoors, { portcullis }: ProtectedAuth, context: AuthContext): void {
  const known = gate(membersOnly(context.data.users));
  const proved = [known, doors.guard({ action: 'factor-change' })];
  const admin = [known, gate(adminsOnly), doors.guard({ action: 'admin' })];
  const [steps, own, team] = [secondStepPages(portcullis), ownSessionPages(portcullis, context), teamSecondStepPages(portcullis, context)];

  router.route('/login/code').get(page(steps.code)).post(doors.secondFactor);
  router.route('/step-up').get(known, page(steps.stepUp)).post(known, doors.stepUp);
  router.route('/challenge').get(page(steps.challenge)).post(gate(linkToToken), doors.confirmChallenge);
  router.route('/not-me').get(page(steps.notMe)).post(gate(linkToToken), doors.disown);
  router.route('/confirm-email').get(page(steps.confirmEmail)).post(doors.confirmEmail);

  router.get('/account/security', known, doors.guard(), page(securityOverview(portcullis, context)));
  // These two are open to a session that may do nothing else; the doors ask for what is needed.
  router.post('/account/security/enroll', known, doors.enroll);
  router.post('/account/security/confirm', known, doors.confirmFactor);
  router.post('/account/security/remove', proved, doors.removeFactor);
  router.post('/account/security/suspend', proved, doors.suspendFactor);
  router.post('/account/security/restore', proved, doors.restoreFactor);
  router.post('/account/security/codes', proved, doors.reissueCodes);
  router.post('/account/security/devices', proved, doors.forgetDevices);
  router.post('/account/security/sessions', known, doors.guard({ action: 'end-sessions' }), page(own.end));
  router.post('/account/email', known, doors.guard({ action: 'email-change' }), doors.changeEmail);
  router.get('/account/password', known, doors.guard(), page(own.password));

  router.post('/team/second-step', admin, page(team.require));
  router.post('/team/second-step/off', admin, page(team.lift));
  router.route('/team/members/:id/second-step').get(admin, page(team.removeForm)).post(admin, page(team.remove));
}

function addOperatorRoutes(router: Router, doors: ExpressDoors, { portcullis, runs, live }: ProtectedAuth, context: AuthContext): void {
  const operators = gate(operatorsOnly(context.data.users));
  const reading = [operators, doors.guard(operatorFreshness.reading)];
  const acting = [gate(sameSiteOnly(portcullis)), operators, doors.guard(operatorFreshness.acting)];
  const watching = [gate(sameSiteOnly(portcullis)), operators, doors.guard(operatorFreshness.watching)];
  const parts = { portcullis, context, runs, live };
  const [pages, incidents, watch] = [operatorPages(parts), incidentPages(parts), livePages(parts)];

  router.route('/operator/login').get(page(pages.signIn)).post(doors.signIn);
  router.get('/operator', reading, page(pages.state));
  router.post('/operator/read-only', acting, page(pages.readOnlyOn));
  router.post('/operator/read-only/off', acting, page(pages.readOnlyOff));
  router.route('/operator/sessions').get(reading, page(pages.endEverythingForm)).post(acting, page(pages.endEverything));
  router.post('/operator/account', acting, page(pages.account));

  router.get('/operator/live', reading, page(watch.page));
  router.get('/operator/live/stream', watching, page(watch.stream));
  router.get('/operator/alarms/:key/contain', reading, page(watch.contain));
  router.route('/operator/contain').get(reading, page(incidents.form)).post(acting, page(incidents.count));
  router.post('/operator/contain/:id', acting, page(incidents.contain));
  router.get('/operator/incidents/:id', reading, page(incidents.state));
  router.get('/operator/incidents/:id/report.:form', reading, page(incidents.report));
  router.post('/operator/incidents/:id/lift', acting, page(incidents.lift));
}
