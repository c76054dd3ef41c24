import { Router } from 'express';
import type { Auth, AuthContext } from '../auth.ts';
import { doneText } from '../answers.ts';
import { queryText } from '../input.ts';
import { membersOnly } from '../members.ts';
import { confirmPage } from '../views/confirm.ts';
import { forgotPage, resetPage } from '../views/reset.ts';
import { signInPage } from '../views/sign-in.ts';
import { signUpPage } from '../views/sign-up.ts';

/** The ways into the app: the pages are the same in both modes, the handlers behind them are those of `auth`. */
export function doorRoutes(auth: Auth, { data }: AuthContext): Router {
  const router = Router();
  const advice = auth.passwordAdvice;

  router.get('/signup', (req, res) => {
    const invitation = data.invitations.byToken(queryText(req, 'invitation') ?? '');
    res.send(signUpPage({ advice, asksAvailability: auth.tellsAvailability, invitation }));
  });
  router.post('/signup', auth.signUp);
  router.get('/confirm', (req, res) => {
    res.send(confirmPage({ token: queryText(req, 'token') }));
  });
  router.post('/confirm', auth.confirm);
  router.post('/resend', auth.resend);

  router.get('/login', (req, res) => {
    res.send(signInPage({ done: doneText(req) }));
  });
  router.post('/login', auth.signIn);
  router.post('/logout', membersOnly(data.users), auth.signOut);

  router.get('/forgot', (_req, res) => {
    res.send(forgotPage());
  });
  router.post('/forgot', auth.forgot);
  router.get('/reset', (req, res) => {
    res.send(resetPage({ advice, token: queryText(req, 'token') }));
  });
  router.post('/reset', auth.reset);

  router.get('/api/email-available', auth.emailAvailable);
  return router;
}
