import type { FastifyInstance } from 'fastify';
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
export function addRoutes(site: FastifyInstance, { doors, memberGuards }: Mode, { auth, context }: { readonly auth: Auth; readonly context: AuthContext }): void {
  const known = { preHandler: gate(membersOnly(context.data.users)) };
  const members = (action?: string) => ({ preHandler: [known.preHandler, ...memberGuards(action)] });
  const [open, forms, contacts, campaigns, team] = [openPages(context), doorFormPages(auth, context), contactPages(context.data), campaignPages(context.data), teamPages(auth, context)];

  site.get('/', page(open.home));
  site.get('/mails', page(open.mails));
  site.get('/mails/:id', page(open.mail));
  site.get('/health', page(open.health));
  site.get('/whoami-address', page(open.address));

  site.get('/signup', page(forms.signUp)).post('/signup', doors.signUp);
  site.get('/confirm', page(forms.confirm)).post('/confirm', doors.confirm);
  site.post('/resend', doors.resend);
  site.get('/login', page(forms.signIn)).post('/login', doors.signIn);
  site.post('/logout', known, doors.signOut);
  site.get('/forgot', page(forms.forgot)).post('/forgot', doors.forgot);
  site.get('/reset', page(forms.reset)).post('/reset', doors.reset);
  site.get('/api/email-available', page(auth.emailAvailable));

  site.get('/contacts', members(), page(contacts.list));
  site.post('/contacts', members(), page(contacts.add));
  site.post('/contacts/import', members(), page(contacts.addMany));
  site.get('/contacts/export.csv', members('export'), page(contacts.exported));
  site.get('/campaigns', members(), page(campaigns.list));
  site.post('/campaigns', members('send'), page(campaigns.send));

  site.get('/account', members(), page(team.account));
  // No guard before it: a session that may do nothing else may do this.
  site.post('/account/password', known, doors.changePassword);
  site.get('/team', members(), page(team.team));
  site.post('/team/invite', members(), page(auth.invite));
}
