import { Router, type RequestHandler } from 'express';
import type { Portcullis } from 'portcullis';
import { requestFacts, type ExpressDoors } from 'portcullis/express';
import type { Data } from '../data/data.ts';
import { bodyField, queryText } from '../input.ts';
import { localPage } from '../local-pages.ts';
import { memberOf, membersOnly } from '../members.ts';
import { challengePage, notMePage } from '../views/challenge.ts';
import { confirmEmailPage } from '../views/confirm-email.ts';
import { loginCodePage } from '../views/login-code.ts';
import { stepUpPage } from '../views/step-up.ts';

/** The second step of a sign-in, the fresh proof for a sensitive action, and the pages that mails link to. */
export function secondStepRoutes(doors: ExpressDoors, portcullis: Portcullis, { users }: Data): Router {
  const router = Router();
  const signedIn = membersOnly(users);

  router.get('/login/code', (req, res) => {
    res.send(loginCodePage({ recoveryOnly: queryText(req, 'with') === 'recovery-code' }));
  });
  router.post('/login/code', doors.secondFactor);

  router.get('/step-up', signedIn, async (req, res) => {
    const next = localPage(queryText(req, 'next'));
    const state = await portcullis.access.check({ session: req.session.proofs, action: 'step-up', facts: requestFacts(req) });
    if (state.outcome === 'allowed') {
      res.redirect(303, next);
      return;
    }
    const wanted = state.verdict === 'step-up' ? [...(state.missing ?? []), ...(state.expired ?? [])] : [];
    if (wanted.length === 0) res.redirect(303, '/login');
    else res.send(stepUpPage({ next, password: wanted.includes('password'), code: wanted.includes('second-factor'), user: memberOf(res) }));
  });
  router.post('/step-up', signedIn, doors.stepUp);

  router.get('/challenge', (_req, res) => {
    res.send(challengePage());
  });
  router.post('/challenge', linkToToken, doors.confirmChallenge);
  router.get('/not-me', (_req, res) => {
    res.send(notMePage());
  });
  router.post('/not-me', linkToToken, doors.disown);

  router.get('/confirm-email', (_req, res) => {
    res.send(confirmEmailPage());
  });
  router.post('/confirm-email', doors.confirmEmail);
  return router;
}

/** Whoever has no JavaScript pastes the whole link of the mail. */
const linkToToken: RequestHandler = (req, _res, next) => {
  const link = bodyField(req, 'link');
  if (bodyField(req, 'token') === undefined && typeof link === 'string') (req.body as Record<string, unknown>)['token'] = link.slice(0, 2_000).split('#token=')[1]?.trim();
  next();
};
