import { Router, type Request, type Response } from 'express';
import { answer, doneText } from '../answers.ts';
import type { Data } from '../data/data.ts';
import { bodyField, textOf } from '../input.ts';
import { memberOf, membersOnly } from '../members.ts';
import { campaignsPage } from '../views/campaigns.ts';

/** Mails to the whole list. The example only records them: no contact gets one. */
export function campaignRoutes({ users, contacts, campaigns }: Data): Router {
  const router = Router();
  const signedIn = membersOnly(users);

  function pageFor(res: Response, extra: { readonly problem?: string; readonly done?: string | undefined }): string {
    const user = memberOf(res);
    return campaignsPage({ user, campaigns: campaigns.ofTeam(user.teamId), recipients: contacts.ofTeam(user.teamId).length, ...extra });
  }

  function refuse(req: Request, res: Response, problem: string): void {
    answer(req, res, { status: 422, json: { error: problem }, page: pageFor(res, { problem }) });
  }

  router.get('/campaigns', signedIn, (req, res) => {
    answer(req, res, { json: { campaigns: campaigns.ofTeam(memberOf(res).teamId) }, page: pageFor(res, { done: doneText(req) }) });
  });

  router.post('/campaigns', signedIn, (req, res) => {
    const user = memberOf(res);
    const subject = textOf(bodyField(req, 'subject'), 200);
    const body = textOf(bodyField(req, 'body'), 50_000);
    if (subject === undefined || body === undefined) {
      refuse(req, res, 'A mail needs a subject and a text.');
      return;
    }
    const recipients = contacts.ofTeam(user.teamId).length;
    campaigns.record(user.teamId, { sender: user.name, subject, body, recipients, sentAtMs: Date.now() });
    answer(req, res, { json: { sent: recipients }, seeOther: '/campaigns?done=campaign-sent' });
  });
  return router;
}
