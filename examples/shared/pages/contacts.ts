import { doneText, type Answer } from '../answers.ts';
import { contactsCsv, parseContactLines } from '../contact-lines.ts';
import type { Data } from '../data/data.ts';
import { addressOf, bodyField, textOf } from '../input.ts';
import { memberOf } from '../members.ts';
import { contactsPage } from '../views/contacts.ts';
import type { Page, Visit } from '../visit.ts';

/** Longest list that is taken in at once, in characters. */
const maxImportChars = 200_000;

/** The list of a team, for its members. */
export function contactPages({ contacts, activity }: Data): { readonly list: Page; readonly add: Page; readonly addMany: Page; readonly exported: Page } {
  function refuse(visit: Visit, problem: string): Answer {
    const user = memberOf(visit);
    return { status: 422, json: { error: problem }, page: contactsPage({ user, contacts: contacts.ofTeam(user.teamId), problem }) };
  }

  return {
    list(visit) {
      const user = memberOf(visit);
      const list = contacts.ofTeam(user.teamId);
      return { json: { contacts: list }, page: contactsPage({ user, contacts: list, done: doneText(visit) }) };
    },
    add(visit) {
      const email = addressOf(bodyField(visit, 'email'));
      if (email === undefined) return refuse(visit, 'That is not an email address.');
      contacts.add(memberOf(visit).teamId, [{ email, name: textOf(bodyField(visit, 'name'), 100) ?? '' }]);
      return { json: { ok: true }, seeOther: '/contacts?done=contact-added' };
    },
    addMany(visit) {
      const { list, wrongLines } = parseContactLines(textOf(bodyField(visit, 'lines'), maxImportChars) ?? '');
      if (list.length === 0 || wrongLines.length > 0) {
        return refuse(visit, wrongLines.length === 0 ? 'There is no contact in that.' : `Nothing was added. No email address in line ${wrongLines.slice(0, 10).join(', ')}.`);
      }
      contacts.add(memberOf(visit).teamId, list);
      return { json: { ok: true, added: list.length }, seeOther: '/contacts?done=contacts-added' };
    },
    exported(visit) {
      const { id, teamId } = memberOf(visit);
      const list = contacts.ofTeam(teamId);
      activity.note(id, 'export', `${list.length} contacts`);
      return { headers: { 'Content-Disposition': 'attachment; filename="contacts.csv"' }, type: 'text/csv; charset=utf-8', text: contactsCsv(list) };
    },
  };
}
