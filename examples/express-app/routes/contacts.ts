import { Router, type Request, type Response } from 'express';
import { answer, doneText } from '../answers.ts';
import { contactsCsv, parseContactLines } from '../contact-lines.ts';
import type { Auth } from '../auth.ts';
import type { Data } from '../data/data.ts';
import { addressOf, bodyField, textOf } from '../input.ts';
import { memberOf, membersOnly } from '../members.ts';
import { contactsPage } from '../views/contacts.ts';

/** Longest list that is taken in at once, in characters. */
const maxImportChars = 200_000;

/** The list of a team. */
export function contactRoutes(auth: Auth, { users, contacts, activity }: Data): Router {
  const router = Router();
  const signedIn = [membersOnly(users), ...auth.memberGuards()];
  const mayExport = [membersOnly(users), ...auth.memberGuards('export')];

  function refuse(req: Request, res: Response, problem: string): void {
    const user = memberOf(res);
    answer(req, res, { status: 422, json: { error: problem }, page: contactsPage({ user, contacts: contacts.ofTeam(user.teamId), problem }) });
  }

  router.get('/contacts', ...signedIn, (req, res) => {
    const user = memberOf(res);
    const list = contacts.ofTeam(user.teamId);
    answer(req, res, { json: { contacts: list }, page: contactsPage({ user, contacts: list, done: doneText(req) }) });
  });

  router.post('/contacts', ...signedIn, (req, res) => {
    const email = addressOf(bodyField(req, 'email'));
    if (email === undefined) {
      refuse(req, res, 'That is not an email address.');
      return;
    }
    contacts.add(memberOf(res).teamId, [{ email, name: textOf(bodyField(req, 'name'), 100) ?? '' }]);
    answer(req, res, { json: { ok: true }, seeOther: '/contacts?done=contact-added' });
  });

  router.post('/contacts/import', ...signedIn, (req, res) => {
    const { list, wrongLines } = parseContactLines(textOf(bodyField(req, 'lines'), maxImportChars) ?? '');
    if (list.length === 0 || wrongLines.length > 0) {
      refuse(req, res, wrongLines.length === 0 ? 'There is no contact in that.' : `Nothing was added. No email address in line ${wrongLines.slice(0, 10).join(', ')}.`);
      return;
    }
    contacts.add(memberOf(res).teamId, list);
    answer(req, res, { json: { ok: true, added: list.length }, seeOther: '/contacts?done=contacts-added' });
  });

  router.get('/contacts/export.csv', ...mayExport, (_req, res) => {
    const { id, teamId } = memberOf(res);
    const list = contacts.ofTeam(teamId);
    activity.note(id, 'export', `${list.length} contacts`);
    res.attachment('contacts.csv').type('text/csv').send(contactsCsv(list));
  });
  return router;
}
