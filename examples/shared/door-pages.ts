import type { SessionFacts } from 'portcullis';
import type { Answer } from './answers.ts';
import type { AuthContext, PasswordAdvice } from './auth.ts';
import type { User } from './data/users.ts';
import { bodyField } from './input.ts';
import { localPage } from './local-pages.ts';
import { memberOf, navOf } from './members.ts';
import { ownPicture } from './page-headers.ts';
import { keepDraft } from './pages/campaigns.ts';
import { rejectedForm, type Rejection } from './rejected-form.ts';
import { changePasswordFirstPage } from './views/change-password.ts';
import { enrollPage, type EnrollPage } from './views/enroll.ts';
import { messagePage } from './views/message.ts';
import { recoveryCodesPage } from './views/recovery-codes.ts';
import { enrollFirstPage } from './views/security.ts';
import type { Visit } from './visit.ts';

/** What this app shows when a door of portcullis has opened or stays shut: one for each hook of the adapters. */
export function doorPages({ data }: Pick<AuthContext, 'data'>, advice: PasswordAdvice) {
  return {
    signedIn: (_visit: Visit, { session, codesLeft }: { readonly session: SessionFacts; readonly codesLeft?: number }): Answer => ({
      json: { ok: true, stage: session.stage, ...(codesLeft !== undefined && { codesLeft }) },
      seeOther: firstPage(data.users.byId(session.accountId), session, codesLeft),
    }),
    signedOut: (): Answer => ({ json: { ok: true }, seeOther: '/login?done=signed-out' }),
    rejected: (visit: Visit, rejection: Rejection): Answer => ({ page: rejectedForm(visit, { ...rejection, advice, data }) }),
    secondFactor: (_visit: Visit, { methods }: { readonly methods: readonly string[] }): Answer =>
      methods.length === 0 ? { status: 403, page: nothingLeftPage() } : { seeOther: methods.includes('totp') ? '/login/code' : '/login/code?with=recovery-code' },
    enrollment: (visit: Visit, enrollment: EnrollPage['enrollment']): Answer => ({ headers: ownPicture, page: enrollPage({ enrollment, user: memberOf(visit), nav: navOf(visit) }) }),
    enrolled: (visit: Visit, { recoveryCodes }: { readonly recoveryCodes?: readonly string[] }): Answer =>
      recoveryCodes === undefined ? { seeOther: '/account/security?done=authenticator-added' } : { page: recoveryCodesPage({ codes: recoveryCodes, user: memberOf(visit), first: true }) },
    recoveryCodes: (visit: Visit, { recoveryCodes }: { readonly recoveryCodes: readonly string[] }): Answer => ({ page: recoveryCodesPage({ codes: recoveryCodes, user: memberOf(visit), first: false }) }),
    steppedUp: (visit: Visit): Answer => ({ seeOther: `${localPage(bodyField(visit, 'next'))}?done=stepped-up` }),
    confirmed: (_visit: Visit, { purpose }: { readonly purpose: 'enroll' | 'email-change' }): Answer => ({ seeOther: `${purpose === 'email-change' ? '/account' : '/account/security'}?done=owner-confirmed` }),
    refused: (visit: Visit, { verdict }: { readonly verdict: string }): Answer => {
      const { path } = visit;
      if (verdict === 'enroll') return onlyPage(path, { at: '/account/security', page: () => enrollFirstPage({ user: memberOf(visit) }) });
      if (verdict === 'change-password') return onlyPage(path, { at: '/account/password', page: () => changePasswordFirstPage({ user: memberOf(visit), advice }) });
      if (verdict === 'step-up') {
        if (visit.method === 'POST' && path === '/campaigns') keepDraft(data.drafts, visit, memberOf(visit));
        return { seeOther: `/step-up?next=${encodeURIComponent(localPage(path))}` };
      }
      const signIn = /^\/operator(\/|$)/.test(path) ? '/operator/login' : '/login';
      return { seeOther: verdict === 'challenge' ? `${signIn}?done=second-step-due` : signIn };
    },
  };
}

/** What else a sign-up tells. */
export function profileIn(visit: Visit): Readonly<Record<string, unknown>> {
  return { name: bodyField(visit, 'name'), team: bodyField(visit, 'team'), invitation: bodyField(visit, 'invitation') };
}

/** Where somebody goes who has just signed in. */
function firstPage(user: User | undefined, { stage }: SessionFacts, codesLeft: number | undefined): string {
  if (stage === 'enroll') return '/account/security';
  if (stage === 'change-password') return '/account/password';
  if (codesLeft !== undefined) return '/account/security?done=recovery-code-used';
  return user?.isOperator === true ? '/operator' : '/contacts';
}

/** The only page that such a session sees: that of a second step to set up, or of a password to replace. */
function onlyPage(path: string, { at, page }: { readonly at: string; readonly page: () => string }): Answer {
  return path === at ? { page: page() } : { seeOther: at };
}

function nothingLeftPage(): string {
  return messagePage({
    title: 'Your second step cannot be used',
    detail: 'Your authenticator app is reported lost or switched off, and no recovery code is left. An administrator of your team can remove your second step; then you set up a new one.',
    tone: 'bad',
    links: [{ href: '/login', label: 'Back to sign in' }],
  });
}
