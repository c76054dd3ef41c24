import { Router } from 'express';
import type { Auth, AuthContext } from '../shared/auth.ts';
import { membersOnly } from '../shared/members.ts';
import { campaignPages } from '../shared/pages/campaigns.ts';
import { contactPages } from '../shared/pages/contacts.ts';
import { doorFormPages } from '../shared/pages/doors.ts';
import { openPages } from '../shared/pages/open.ts';
import { teamPages } from '../shared/pages/team.ts';
import type { Mode } from './app.ts';
import { gate, page } from './visit.ts';

/** The routes of both modes. */
export function routesOf({ doors, memberGuards }: Mode, auth: Auth, context: AuthContext): Router {
  const router = Router();
  const known = gate(membersOnly(context.data.users));
  const members = [known, ...memberGuards()];
  const [open, forms, contacts, campaigns, team] = [openPages(context), doorFormPages(auth, context), contactPages(context.data), campaignPages(context.data), teamPages(auth, context)];

  router.get('/', page(open.home));
  router.get('/mails', page(open.mails));
  router.get('/mails/:id', page(open.mail));
  router.get('/health', page(open.health));
  router.get('/whoami-address', page(open.address));

  router.route('/signup').get(page(forms.signUp)).post(doors.signUp);
  router.route('/confirm').get(page(forms.confirm)).post(doors.confirm);
  router.post('/resend', doors.resend);
  router.route('/login').get(page(forms.signIn)).post(doors.signIn);
  router.post('/logout', known, doors.signOut);
  router.route('/forgot').get(page(forms.forgot)).post(doors.forgot);
  router.route('/reset').get(page(forms.reset)).post(doors.reset);
  router.get('/api/email-available', page(auth.emailAvailable));

  router.get('/contacts', members, page(contacts.list));
  router.post('/contacts', members, page(contacts.add));
  router.post('/contacts/import', members, page(contacts.addMany));
  router.get('/contacts/export.csv', known, ...memberGuards('export'), page(contacts.exported));
  router.get('/campaigns', members, page(campaigns.list));
  router.post('/campaigns', known, ...memberGuards('send'), page(campaigns.send));

  router.get('/account', members, page(team.account));
  // No guard before it: a session that may do nothing else may do this.
  router.post('/account/password', known, doors.changePassword);
  router.get('/team', members, page(team.team));
  router.post('/team/invite', members, page(auth.invite));
  return router;
}
