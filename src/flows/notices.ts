import type { StoredAccount } from '../ports/accounts.ts';
import type { Mail } from '../ports/mailer.ts';
import type { FlowParts } from './parts.ts';
import type { UniformSpan } from '../uniform/index.ts';

/** So many addresses of one owner are written to, beside the first. */
const maxNoticeEmails = 5;

/** Where notices to the owner go: every address that the account has, each once. Whoever has taken over one of them has not got them all. */
export function noticeAddresses({ email, noticeEmails }: StoredAccount): readonly string[] {
  return [...new Set([email, ...(noticeEmails ?? []).slice(0, maxNoticeEmails)])];
}

/** Sends a notice to each. One mailbox that cannot be reached keeps none of the others from being told. */
export async function sendNotice({ mailer }: Pick<FlowParts, 'mailer'>, account: StoredAccount, mailTo: (to: string) => Mail): Promise<void> {
  const { failed } = await sentToEach({ mailer }, account, mailTo);
  if (failed !== undefined) throw failed.reason;
}

async function sentToEach({ mailer }: Pick<FlowParts, 'mailer'>, account: StoredAccount, mailTo: (to: string) => Mail): Promise<{ readonly isTold: boolean; readonly failed: PromiseRejectedResult | undefined }> {
  const sent = await Promise.allSettled(noticeAddresses(account).map((to) => mailer.send(mailTo(to))));
  return { isTold: sent.some(({ status }) => status === 'fulfilled'), failed: sent.find((each) => each.status === 'rejected') };
}

interface LimitedNotice {
  readonly account: StoredAccount;
  /** Of each kind there are as many. */
  readonly kind: string;
  readonly mailTo: (to: string) => Mail;
}

/**
 * Sends a notice, a few a day of each kind: many of them would hide what else is mailed. The first of a day is always sent. So one that
 * reached nobody is given back, and where nobody can count it is sent all the same.
 */
async function sendLimited({ mailer, limiters, limitKeys }: FlowParts, { account, kind, mailTo }: LimitedNotice): Promise<void> {
  const decision = await limiters.notice.take({ account: limitKeys.account(`${account.id} ${kind}`) }).catch(() => undefined);
  if (decision?.ok === false) return;
  const { isTold, failed } = await sentToEach({ mailer }, account, mailTo);
  if (!isTold && decision !== undefined) await limiters.notice.refund(decision).catch(() => undefined);
  if (failed !== undefined) throw failed.reason;
}

/** What strangers do is counted apart from what is done in a browser that the account knows: neither makes the other pass in silence. */
function from(known: boolean): string {
  return known ? 'known' : 'stranger';
}

type FactorChange = Extract<Mail, { kind: 'second-factor-changed' }>;

/** Tells the owner of a change, after the answer. Never held back: whoever changes a factor must not do it in silence (SP 800-63B-4 section 4.6). It is the changes that are limited. */
export function tellFactorChange({ mailer, links }: FlowParts, { account, span, ...change }: { readonly account: StoredAccount; readonly span: Pick<UniformSpan, 'later'> } & Omit<FactorChange, 'kind' | 'to' | 'forgotLink'>): void {
  span.later('second-factor-mail', () => sendNotice({ mailer }, account, (to) => ({ kind: 'second-factor-changed', to, forgotLink: links.forgot, ...change })));
}

/** Tells of a recovery code that was used up. */
export function tellCodeUsed(parts: FlowParts, { account, span, left, known }: { readonly account: StoredAccount; readonly span: UniformSpan; readonly left: number; readonly known: boolean }): void {
  const { links } = parts;
  span.later('recovery-code-mail', () => sendLimited(parts, { account, kind: `recovery-code ${from(known)}`, mailTo: (to) => ({ kind: 'recovery-code-used', to, left, forgotLink: links.forgot }) }));
}

/** Tells of a new password (OWASP ASVS 5.0 6.3.7). */
export function tellPasswordChanged(parts: FlowParts, { account, span, how, known }: { readonly account: StoredAccount; readonly span: UniformSpan; readonly how: 'change' | 'reset'; readonly known: boolean }): void {
  const { links } = parts;
  span.later('password-changed-mail', () => sendLimited(parts, { account, kind: `password ${how} ${from(known)}`, mailTo: (to) => ({ kind: 'password-changed', to, how, forgotLink: links.forgot }) }));
}

/** Why a sign-in is told to the owner of the account (OWASP ASVS 5.0 6.3.5). */
export type Unusual = Extract<Mail, { kind: 'unusual-sign-in' }>['because'];

/** Tells of a sign-in that may be somebody else's. */
export function tellUnusual(parts: FlowParts, { account, span, because, browser }: { readonly account: StoredAccount; readonly span: Pick<UniformSpan, 'later'>; readonly because: Unusual; readonly browser: string | undefined }): void {
  const { links, clock } = parts;
  const atMs = clock.nowMs();
  span.later('unusual-sign-in-mail', () => sendLimited(parts, { account, kind: 'sign-in', mailTo: (to) => ({ kind: 'unusual-sign-in', to, because, ...(browser !== undefined && { browser }), atMs, forgotLink: links.forgot }) }));
}

/** Tells that somebody has the password and not the second factor: whoever has it could send them all night. */
export function tellFactorFailed(parts: FlowParts, { account, span }: { readonly account: StoredAccount; readonly span: UniformSpan }): void {
  const { links } = parts;
  span.later('second-factor-failed-mail', () => sendLimited(parts, { account, kind: 'second-factor', mailTo: (to) => ({ kind: 'second-factor-failed', to, forgotLink: links.forgot }) }));
}
