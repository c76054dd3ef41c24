import type { Portcullis } from 'portcullis';
import type { Member } from '../members.ts';
import { authenticatorsCard, setUpForm } from './authenticators.ts';
import { browsersCard } from './browsers.ts';
import { html, type Html } from './html.ts';
import { notice, page } from './layout.ts';
import { ownSessionsCard, type ListedSession } from './own-sessions.ts';
import { timeText } from './time.ts';

export type Overview = Extract<Awaited<ReturnType<Portcullis['factors']['list']>>, { readonly outcome: 'overview' }>;

export interface SecurityPage {
  readonly user: Member;
  readonly overview: Pick<Overview, 'totp' | 'enrolled' | 'codesLeft' | 'devices' | 'enrollUntilMs'>;
  /** Not while the team asks for a second step. */
  readonly mayRemoveLast: boolean;
  /** Which of the known browsers this is. */
  readonly thisDeviceId: string | undefined;
  readonly sessions: readonly ListedSession[];
  readonly done?: string | undefined;
}

/** All that protects an account beside its password. */
export function securityPage({ user, overview, mayRemoveLast, thisDeviceId, sessions, done }: SecurityPage): string {
  const { totp, enrolled, codesLeft, devices, enrollUntilMs } = overview;
  return page({
    title: 'Security',
    user,
    path: '/account/security',
    main: html`<div class="heading"><div><h1>Security</h1><p class="lead">What protects your account beside the password</p></div></div>
${notice(done, 'good')}
${enrollUntilMs === undefined ? undefined : html`<p class="notice due" role="note">Your team asks for a second step. You can still work without it until ${timeText(enrollUntilMs)}.</p>`}
${authenticatorsCard(totp, mayRemoveLast)}
${enrolled ? codesCard(codesLeft) : undefined}
${ownSessionsCard(sessions)}
${browsersCard(devices, thisDeviceId)}
<p class="back"><a href="/account">Back to the account</a></p>`,
  });
}

function codesCard(left: number): Html {
  return html`<section class="card" id="codes">
<h2>Recovery codes</h2>
${left > 2 ? html`<p>You have <strong>${left}</strong> left. Each opens your account once if your phone is lost.</p>` : html`<p class="notice due" role="note">${left === 0 ? 'You have no recovery code left.' : `Only ${left} of your recovery codes ${left === 1 ? 'is' : 'are'} left.`} Make new ones before you need them.</p>`}
<form method="post" action="/account/security/codes" class="stack">
<button type="submit" class="${left > 2 ? 'secondary' : ''}">Make new codes</button>
<p class="hint">The old ones are void then.</p>
</form>
</section>`;
}

/** For a session that reaches nothing before there is a second step. */
export function enrollFirstPage({ user, done }: { readonly user: Member; readonly done?: string | undefined }): string {
  return page({
    title: 'Set up your second step',
    user,
    nav: 'sign-out',
    main: html`<section class="card">
<h1>Set up your second step</h1>
${notice(done, 'good')}
<p>${user.isOperator ? 'Whoever looks after Larkpost needs a second step' : `${user.teamName} asks everybody for a second step when signing in`}: after the password, a code from an app on your phone. A stolen password alone then opens nothing.</p>
<p class="lead">It takes two minutes. After that you can go on with your work.</p>
${setUpForm('Begin')}
</section>`,
  });
}
