import { Router } from 'express';
import type { AuthContext } from '../auth.ts';
import { answer } from '../answers.ts';
import { queryText } from '../input.ts';
import { visitorOf } from '../members.ts';
import { homePage } from '../views/home.ts';
import { mailPage, mailsPage } from '../views/mails.ts';
import { messagePage } from '../views/message.ts';

/** What anybody may see: the home page, the development inbox, and how the app is. */
export function openRoutes({ data, mails, baseUrl }: AuthContext): Router {
  const router = Router();

  router.get('/', (req, res) => {
    if (visitorOf(req, data.users) === undefined) res.send(homePage());
    else res.redirect(303, '/contacts');
  });
  router.get('/mails', (req, res) => {
    const list = mails.list(queryText(req, 'to'));
    answer(req, res, { json: { mails: list }, page: mailsPage(list, visitorOf(req, data.users)) });
  });
  router.get('/mails/:id', (req, res) => {
    const mail = mails.read(req.params.id);
    if (mail === undefined) answer(req, res, { status: 404, json: { error: 'no such mail' }, page: messagePage({ title: 'No such mail', detail: 'It is not in the folder.', tone: 'bad' }) });
    else answer(req, res, { json: mail, page: mailPage({ mail, baseUrl, user: visitorOf(req, data.users) }) });
  });
  router.get('/health', (_req, res) => {
    res.json({ ok: true });
  });
  router.get('/whoami-address', (req, res) => {
    res.json({ address: req.ip });
  });
  return router;
}
