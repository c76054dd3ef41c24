import type { AuthContext } from '../auth.ts';
import { pathPart, queryText } from '../input.ts';
import { visitorOf } from '../members.ts';
import { homePage } from '../views/home.ts';
import { mailPage, mailsPage } from '../views/mails.ts';
import { messagePage } from '../views/message.ts';
import type { Page } from '../visit.ts';

/** What anybody may see: the home page, the development inbox, and how the app is. */
export function openPages({ data, mails, baseUrl }: AuthContext): Readonly<Record<'home' | 'mails' | 'mail' | 'health' | 'address', Page>> {
  return {
    home: (visit) => (visitorOf(visit, data.users) === undefined ? { page: homePage() } : { seeOther: '/contacts' }),
    mails(visit) {
      const list = mails.list(queryText(visit, 'to'));
      return { json: { mails: list }, page: mailsPage(list, visitorOf(visit, data.users)) };
    },
    mail(visit) {
      const mail = mails.read(pathPart(visit, 'id'));
      if (mail === undefined) return { status: 404, json: { error: 'no such mail' }, page: messagePage({ title: 'No such mail', detail: 'It is not in the folder.', tone: 'bad' }) };
      return { json: mail, page: mailPage({ mail, baseUrl, user: visitorOf(visit, data.users) }) };
    },
    health: () => ({ json: { ok: true } }),
    address: ({ address }) => ({ json: { address } }),
  };
}
