import type { Request, Response } from 'express';
import type { Portcullis, SessionFacts } from 'portcullis';
import { expressDoors, type ExpressDoors, type ExpressDoorsOptions } from 'portcullis/express';
import { answer } from './answers.ts';
import type { AuthContext, PasswordAdvice } from './auth.ts';
import type { Drafts } from './data/drafts.ts';
import type { User } from './data/users.ts';
import { bodyField } from './input.ts';
import { localPage } from './local-pages.ts';
import { memberOf, navOf, noteDue } from './members.ts';
import { rejectedForm } from './rejected-form.ts';
import { keepDraft } from './routes/campaigns.ts';
import { changePasswordFirstPage } from './views/change-password.ts';
import { enrollPage } from './views/enroll.ts';
import { messagePage } from './views/message.ts';
import { recoveryCodesPage } from './views/recovery-codes.ts';
import { enrollFirstPage } from './views/security.ts';

/** The doors of portcullis, and what this app shows when one has opened or stays shut. */
export function createDoors(portcullis: Portcullis, { data, sessions }: AuthContext, advice: PasswordAdvice): ExpressDoors {
  return expressDoors(portcullis, {
    ...secondStepPages,
    onRefused: refuse(data.drafts, advice),
    sessionOf: (req) => req.session.proofs,
    remember: (req, session) => {
      sessions.remember(req, session);
    },
    endSessions: (req, { accountId, which }) => sessions.endOthers(accountId, which === 'other-sessions' ? req.sessionID : undefined),
    onSignedIn: (req, res, { session, codesLeft }) => {
      answer(req, res, { json: { ok: true, stage: session.stage, ...(codesLeft !== undefined && { codesLeft }) }, seeOther: firstPage(data.users.byId(session.accountId), session, codesLeft) });
    },
    onSignedOut: (req, res) => {
      answer(req, res, { json: { ok: true }, seeOther: '/login?done=signed-out' });
    },
    onRejected: (req, res, rejection) => {
      res.send(rejectedForm(req, res, { ...rejection, advice, data }));
    },
    profileOf: (req) => ({ name: bodyField(req, 'name'), team: bodyField(req, 'team'), invitation: bodyField(req, 'invitation') }),
  });
}

/** Where somebody goes who has just signed in. */
function firstPage(user: User | undefined, { stage }: SessionFacts, codesLeft: number | undefined): string {
  if (stage === 'enroll') return '/account/security';
  if (stage === 'change-password') return '/account/password';
  if (codesLeft !== undefined) return '/account/security?done=recovery-code-used';
  return user?.isOperator === true ? '/operator' : '/contacts';
}

type Hooks = Pick<ExpressDoorsOptions, 'onSecondFactor' | 'onEnrollment' | 'onEnrolled' | 'onRecoveryCodes' | 'onSteppedUp' | 'onConfirmed' | 'onEnrollmentDue'>;

const secondStepPages: Hooks = {
  onSecondFactor: (_req, res, { methods }) => {
    if (methods.length === 0) res.status(403).send(nothingLeftPage());
    else res.redirect(303, methods.includes('totp') ? '/login/code' : '/login/code?with=recovery-code');
  },
  onEnrollment: (req, res, enrollment) => {
    // For the QR code, which is part of the page and no file of its own: there is no address at which the secret could be had.
    res.set('Content-Security-Policy', String(res.get('Content-Security-Policy')).replace("img-src 'self'", "img-src 'self' data:"));
    res.send(enrollPage({ enrollment, user: memberOf(res), nav: navOf(req) }));
  },
  onEnrolled: (_req, res, { recoveryCodes }) => {
    if (recoveryCodes === undefined) res.redirect(303, '/account/security?done=authenticator-added');
    else res.send(recoveryCodesPage({ codes: recoveryCodes, user: memberOf(res), first: true }));
  },
  onRecoveryCodes: (_req, res, { recoveryCodes }) => {
    res.send(recoveryCodesPage({ codes: recoveryCodes, user: memberOf(res), first: false }));
  },
  onSteppedUp: (req, res) => {
    res.redirect(303, `${localPage(bodyField(req, 'next'))}?done=stepped-up`);
  },
  onConfirmed: (_req, res, { purpose }) => {
    res.redirect(303, `${purpose === 'email-change' ? '/account' : '/account/security'}?done=owner-confirmed`);
  },
  onEnrollmentDue: (_req, res, { enrollUntilMs }) => {
    noteDue(res, enrollUntilMs);
  },
};

function refuse(drafts: Drafts, advice: PasswordAdvice): NonNullable<ExpressDoorsOptions['onRefused']> {
  return (req, res, { verdict }) => {
    if (verdict === 'enroll') enrollFirst(req, res);
    else if (verdict === 'change-password') changePasswordFirst(req, res, advice);
    else if (verdict === 'step-up') {
      if (req.method === 'POST' && req.path === '/campaigns') keepDraft(drafts, req, memberOf(res));
      res.redirect(303, `/step-up?next=${encodeURIComponent(localPage(req.path))}`);
    } else {
      const signIn = /^\/operator(\/|$)/.test(req.path) ? '/operator/login' : '/login';
      res.redirect(303, verdict === 'challenge' ? `${signIn}?done=second-step-due` : signIn);
    }
  };
}

/** The only page that such a session sees. */
function enrollFirst(req: Request, res: Response): void {
  if (req.path === '/account/security') res.send(enrollFirstPage({ user: memberOf(res) }));
  else res.redirect(303, '/account/security');
}

/** The only page that a session sees whose password must be replaced. */
function changePasswordFirst(req: Request, res: Response, advice: PasswordAdvice): void {
  if (req.path === '/account/password') res.send(changePasswordFirstPage({ user: memberOf(res), advice }));
  else res.redirect(303, '/account/password');
}

function nothingLeftPage(): string {
  return messagePage({
    title: 'Your second step cannot be used',
    detail: 'Your authenticator app is reported lost or switched off, and no recovery code is left. An administrator of your team can remove your second step; then you set up a new one.',
    tone: 'bad',
    links: [{ href: '/login', label: 'Back to sign in' }],
  });
}
