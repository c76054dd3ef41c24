import { doneText, type Answer } from '../answers.ts';
import type { Data } from '../data/data.ts';
import type { Drafts } from '../data/drafts.ts';
import { bodyField, textOf } from '../input.ts';
import { memberOf, type Member } from '../members.ts';
import { campaignsPage } from '../views/campaigns.ts';
import type { Page, Visit } from '../visit.ts';

/** Mails to the whole list, for members. The example only records them: no contact gets one. */
export function campaignPages({ contacts, campaigns, drafts, activity }: Data): { readonly list: Page; readonly send: Page } {
  function pageFor(visit: Visit, extra: { readonly problem?: string; readonly done?: string | undefined }): string {
    const user = memberOf(visit);
    return campaignsPage({ user, campaigns: campaigns.ofTeam(user.teamId), recipients: contacts.ofTeam(user.teamId).length, draft: drafts.of(user.id), ...extra });
  }

  function refuse(visit: Visit, problem: string): Answer {
    keepDraft(drafts, visit, memberOf(visit));
    return { status: 422, json: { error: problem }, page: pageFor(visit, { problem }) };
  }

  return {
    list: (visit) => ({ json: { campaigns: campaigns.ofTeam(memberOf(visit).teamId) }, page: pageFor(visit, { done: doneText(visit) }) }),
    send(visit) {
      const user = memberOf(visit);
      const { subject, body } = typed(visit);
      if (subject === undefined || body === undefined) return refuse(visit, 'A mail needs a subject and a text.');
      const recipients = contacts.ofTeam(user.teamId).length;
      campaigns.record(user.teamId, { sender: user.name, subject, body, recipients, sentAtMs: Date.now() });
      activity.note(user.id, 'campaign', `"${subject}" to ${recipients} contacts`);
      drafts.remove(user.id);
      return { json: { sent: recipients }, seeOther: '/campaigns?done=campaign-sent' };
    },
  };
}

/** What was typed is there again when its writer comes back to the page. */
export function keepDraft(drafts: Drafts, visit: Visit, { id }: Pick<Member, 'id'>): void {
  const { subject, body } = typed(visit);
  if (subject !== undefined || body !== undefined) drafts.keep(id, { subject: subject ?? '', body: body ?? '' });
}

function typed(visit: Visit): { readonly subject: string | undefined; readonly body: string | undefined } {
  return { subject: textOf(bodyField(visit, 'subject'), 200), body: textOf(bodyField(visit, 'body'), 50_000) };
}
