import { doneText } from '../answers.ts';
import type { Auth, AuthContext } from '../auth.ts';
import { memberOf } from '../members.ts';
import { accountPage } from '../views/account.ts';
import { teamPage } from '../views/team.ts';
import type { Page } from '../visit.ts';

/** One's own account, and the team. */
export function teamPages(auth: Auth, { data }: AuthContext): Readonly<Record<'account' | 'team', Page>> {
  return {
    account(visit) {
      const user = memberOf(visit);
      const page = accountPage({ user, advice: auth.passwordAdvice, cards: auth.ownCards.account(user), done: doneText(visit) });
      return { json: { email: user.email, name: user.name, team: user.teamName }, page };
    },
    async team(visit) {
      const user = memberOf(visit);
      const members = data.users.ofTeam(user.teamId);
      const invitations = data.invitations.ofTeam(user.teamId);
      const json = { team: user.teamName, members: members.map(({ email, name }) => ({ email, name })), invited: invitations.map(({ email }) => email) };
      return { json, page: teamPage({ user, members, invitations, second: await auth.ownCards.team(user, members), done: doneText(visit) }) };
    },
  };
}
