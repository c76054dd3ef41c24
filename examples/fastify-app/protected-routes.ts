import type { FastifyInstance } from 'fastify';
import type { FastifyDoors } from 'portcullis/fastify';
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

/** The routes that the protected mode alone has. Guards are `preHandler` hooks. */
export function addProtectedRoutes(site: FastifyInstance, auth: ProtectedAuth, context: AuthContext): void {
  const { doors } = site.portcullis;
  addMemberRoutes(site, doors, auth, context);
  addOperatorRoutes(site, doors, auth, context);
}

function addMemberRoutes(site: FastifyInstance, doors: FastifyDoors, { portcullis }: ProtectedAuth, context: AuthContext): void {
  const known = gate(membersOnly(context.data.users));
  const member = { preHandler: known };
  const guarded = (action?: string) => ({ preHandler: [known, doors.guard(action === undefined ? {} : { action })] });
  const admin = { preHandler: [known, gate(adminsOnly), doors.guard({ action: 'admin' })] };
  const byLink = { preHandler: gate(linkToToken) };
  const [steps, own, team] = [secondStepPages(portcullis), ownSessionPages(portcullis, context), teamSecondStepPages(portcullis, context)];

  site.get('/login/code', page(steps.code)).post('/login/code', doors.secondFactor);
  site.get('/step-up', member, page(steps.stepUp)).post('/step-up', member, doors.stepUp);
  site.get('/challenge', page(steps.challenge)).post('/challenge', byLink, doors.confirmChallenge);
  site.get('/not-me', page(steps.notMe)).post('/not-me', byLink, doors.disown);
  site.get('/confirm-email', page(steps.confirmEmail)).post('/confirm-email', doors.confirmEmail);

  site.get('/account/security', guarded(), page(securityOverview(portcullis, context)));
  // These two are open to a session that may do nothing else; the doors ask for what is needed.
  site.post('/account/security/enroll', member, doors.enroll);
  site.post('/account/security/confirm', member, doors.confirmFactor);
  site.post('/account/security/remove', guarded('factor-change'), doors.removeFactor);
  site.post('/account/security/suspend', guarded('factor-change'), doors.suspendFactor);
  site.post('/account/security/restore', guarded('factor-change'), doors.restoreFactor);
  site.post('/account/security/codes', guarded('factor-change'), doors.reissueCodes);
  site.post('/account/security/devices', guarded('factor-change'), doors.forgetDevices);
  site.post('/account/security/sessions', guarded('end-sessions'), page(own.end));
  site.post('/account/email', guarded('email-change'), doors.changeEmail);
  site.get('/account/password', guarded(), page(own.password));

  site.post('/team/second-step', admin, page(team.require));
  site.post('/team/second-step/off', admin, page(team.lift));
  site.get('/team/members/:id/second-step', admin, page(team.removeForm)).post('/team/members/:id/second-step', admin, page(team.remove));
}

function addOperatorRoutes(site: FastifyInstance, doors: FastifyDoors, { portcullis, runs, live }: ProtectedAuth, context: AuthContext): void {
  const operators = gate(operatorsOnly(context.data.users));
  const reading = { preHandler: [operators, doors.guard(operatorFreshness.reading)] };
  const acting = { preHandler: [gate(sameSiteOnly(portcullis)), operators, doors.guard(operatorFreshness.acting)] };
  const watching = { preHandler: [gate(sameSiteOnly(portcullis)), operators, doors.guard(operatorFreshness.watching)] };
  const parts = { portcullis, context, runs, live };
  const [pages, incidents, watch] = [operatorPages(parts), incidentPages(parts), livePages(parts)];

  site.get('/operator/login', page(pages.signIn)).post('/operator/login', doors.signIn);
  site.get('/operator', reading, page(pages.state));
  site.post('/operator/read-only', acting, page(pages.readOnlyOn));
  site.post('/operator/read-only/off', acting, page(pages.readOnlyOff));
  site.get('/operator/sessions', reading, page(pages.endEverythingForm)).post('/operator/sessions', acting, page(pages.endEverything));
  site.post('/operator/account', acting, page(pages.account));

  site.get('/operator/live', reading, page(watch.page));
  site.get('/operator/live/stream', watching, page(watch.stream));
  site.get('/operator/alarms/:key/contain', reading, page(watch.contain));
  site.get('/operator/contain', reading, page(incidents.form)).post('/operator/contain', acting, page(incidents.count));
  site.post('/operator/contain/:id', acting, page(incidents.contain));
  site.get('/operator/incidents/:id', reading, page(incidents.state));
  site.get('/operator/incidents/:id/report.:form', reading, page(incidents.report));
  site.post('/operator/incidents/:id/lift', acting, page(incidents.lift));
}
