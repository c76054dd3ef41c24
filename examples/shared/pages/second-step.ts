import type { Portcullis } from 'portcullis';
import { bodyField, queryText } from '../input.ts';
import { localPage } from '../local-pages.ts';
import { memberOf } from '../members.ts';
import { challengePage, notMePage } from '../views/challenge.ts';
import { confirmEmailPage } from '../views/confirm-email.ts';
import { loginCodePage } from '../views/login-code.ts';
import { stepUpPage } from '../views/step-up.ts';
import type { Gate, Page } from '../visit.ts';

/** The second step of a sign-in, the fresh proof for a sensitive action, and the pages that mails link to. */
export function secondStepPages({ access }: Portcullis): Readonly<Record<'code' | 'stepUp' | 'challenge' | 'notMe' | 'confirmEmail', Page>> {
  return {
    code: (visit) => ({ page: loginCodePage({ recoveryOnly: queryText(visit, 'with') === 'recovery-code' }) }),
    async stepUp(visit) {
      const next = localPage(queryText(visit, 'next'));
      const state = await access.check({ session: visit.session.proofs, action: 'step-up', facts: visit.facts });
      if (state.outcome === 'allowed') return { seeOther: next };
      const wanted = state.verdict === 'step-up' ? [...(state.missing ?? []), ...(state.expired ?? [])] : [];
      if (wanted.length === 0) return { seeOther: '/login' };
      return { page: stepUpPage({ next, password: wanted.includes('password'), code: wanted.includes('second-factor'), user: memberOf(visit) }) };
    },
    challenge: () => ({ page: challengePage() }),
    notMe: () => ({ page: notMePage() }),
    confirmEmail: () => ({ page: confirmEmailPage() }),
  };
}

/** Whoever has no JavaScript pastes the whole link of the mail. */
export const linkToToken: Gate = (visit) => {
  const link = bodyField(visit, 'link');
  if (bodyField(visit, 'token') === undefined && typeof link === 'string') (visit.body as Record<string, unknown>)['token'] = link.slice(0, 2_000).split('#token=')[1]?.trim();
  return undefined;
};
