import { Router, type Request, type Response } from 'express';
import { answer, doneText } from '../answers.ts';
import type { Auth } from '../auth.ts';
import type { Data } from '../data/data.ts';
import type { Drafts } from '../data/drafts.ts';
import { bodyField, textOf } from '../input.ts';
import { memberOf, membersOnly, type Member } from '../members.ts';
import { campaignsPage } from '../views/campaigns.ts';

/** Mails to the whole list. The example only records them: no contact gets one. */
export function campaignRoutes(auth: Auth, { users, contacts, campaigns, drafts, activity }: Data): Router {
  const router = Router();
  const signedIn = [membersOnly(users), ...auth.memberGuards()];
  const maySend = [membersOnly(users), ...auth.memberGuards('send')];

  function pageFor(res: Response, extra: { readonly problem?: string; readonly done?: string | undefined }): string {
    const user = memberOf(res);
    return campaignsPage({ user, campaigns: campaigns.ofTeam(user.teamId), recipients: contacts.ofTeam(user.teamId).length, draft: drafts.of(user.id), ...extra });
  }

  function refuse(req: Request, res: Response, problem: string): void {
    keepDraft(drafts, req, memberOf(res));
    answer(req, res, { status: 422, json: { error: problem }, page: pageFor(res, { problem }) });
  }

  router.get('/campaigns', ...signedIn, (req, res) => {
    answer(req, res, { json: { campaigns: campaigns.ofTeam(memberOf(res).teamId) }, page: pageFor(res, { done: doneText(req) }) });
  });

  router.post('/campaigns', ...maySend, (req, res) => {
    const user = memberOf(res);
    const { subject, body } = typed(req);
    if (subject === undefined || body === undefined) {
      refuse(req, res, 'A mail needs a subject and a text.');
      return;
    }
    const recipients = contacts.ofTeam(user.teamId).length;
    campaigns.record(user.teamId, { sender: user.name, subject, body, recipients, sentAtMs: Date.now() });
    activity.note(user.id, 'campaign', `"${subject}" to ${recipients} contacts`);
    drafts.remove(user.id);
    answer(req, res, { json: { sent: recipients }, seeOther: '/campaigns?done=campaign-sent' });
  });
  return router;
}

/** What was typed is there again when its writer comes back to the page. */
export function keepDraft(drafts: Drafts, req: Request, { id }: Pick<Member, 'id'>): void {
  const { subject, body } = typed(req);
  if (subject !== undefined || body !== undefined) drafts.keep(id, { subject: subject ?? '', body: body ?? '' });
}

function typed(req: Request): { readonly subject: string | undefined; readonly body: string | undefined } {
  return { subject: textOf(bodyField(req, 'subject'), 200), body: textOf(bodyField(req, 'body'), 50_000) };
}
