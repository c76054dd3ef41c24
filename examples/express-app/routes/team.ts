import { Router } from 'express';
import type { Auth, AuthContext } from '../auth.ts';
import { answer, doneText } from '../answers.ts';
import { memberOf, membersOnly } from '../members.ts';
import { accountPage } from '../views/account.ts';
import { teamPage } from '../views/team.ts';

/** One's own account, and the team. */
export function teamRoutes(auth: Auth, { data }: AuthContext): Router {
  const router = Router();
  const signedIn = [membersOnly(data.users), ...auth.memberGuards()];

  router.get('/account', ...signedIn, (req, res) => {
    const user = memberOf(res);
    const page = accountPage({ user, advice: auth.passwordAdvice, cards: auth.ownCards.account(user), done: doneText(req) });
    answer(req, res, { json: { email: user.email, name: user.name, team: user.teamName }, page });
  });
  // No guard before it: a session that may do nothing else may do this.
  router.post('/account/password', membersOnly(data.users), auth.changePassword);

  router.get('/team', ...signedIn, async (req, res) => {
    const user = memberOf(res);
    const members = data.users.ofTeam(user.teamId);
    const invitations = data.invitations.ofTeam(user.teamId);
    const json = { team: user.teamName, members: members.map(({ email, name }) => ({ email, name })), invited: invitations.map(({ email }) => email) };
    answer(req, res, { json, page: teamPage({ user, members, invitations, second: await auth.ownCards.team(user, members), done: doneText(req) }) });
  });
  router.post('/team/invite', ...signedIn, auth.invite);
  return router;
}
