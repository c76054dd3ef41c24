import { doneText } from '../answers.ts';
import type { Auth, AuthContext } from '../auth.ts';
import { queryText } from '../input.ts';
import { confirmPage } from '../views/confirm.ts';
import { forgotPage, resetPage } from '../views/reset.ts';
import { signInPage } from '../views/sign-in.ts';
import { signUpPage } from '../views/sign-up.ts';
import type { Page } from '../visit.ts';

/** The ways into the app: the pages are the same in both modes, the handlers behind them are those of the mode. */
export function doorFormPages({ passwordAdvice: advice, tellsAvailability }: Auth, { data }: AuthContext): Readonly<Record<'signUp' | 'confirm' | 'signIn' | 'forgot' | 'reset', Page>> {
  return {
    signUp: (visit) => ({ page: signUpPage({ advice, asksAvailability: tellsAvailability, invitation: data.invitations.byToken(queryText(visit, 'invitation') ?? '') }) }),
    confirm: (visit) => ({ page: confirmPage({ token: queryText(visit, 'token') }) }),
    signIn: (visit) => ({ page: signInPage({ done: doneText(visit) }) }),
    forgot: () => ({ page: forgotPage() }),
    reset: (visit) => ({ page: resetPage({ advice, token: queryText(visit, 'token') }) }),
  };
}
