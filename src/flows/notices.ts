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
  const sent = await Promise.allSettled(noticeAddresses(account).map((to) => mailer.send(mailTo(to))));
  const failed = sent.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

type FactorChange = Extract<Mail, { kind: 'second-factor-changed' }>;

/** Tells the owner of a change, after the answer. Never held back: whoever changes a factor must not do it in silence (SP 800-63B-4 section 4.6). It is the changes that are limited. */
export function tellFactorChange({ mailer, links }: FlowParts, { account, span, ...change }: { readonly account: StoredAccount; readonly span: Pick<UniformSpan, 'later'> } & Omit<FactorChange, 'kind' | 'to' | 'forgotLink'>): void {
  span.later('second-factor-mail', () => sendNotice({ mailer }, account, (to) => ({ kind: 'second-factor-changed', to, forgotLink: links.forgot, ...change })));
}

/** Tells of a recovery code that was used up. */
export function tellCodeUsed({ mailer, links }: FlowParts, { account, span, left }: { readonly account: StoredAccount; readonly span: UniformSpan; readonly left: number }): void {
  span.later('recovery-code-mail', () => sendNotice({ mailer }, account, (to) => ({ kind: 'recovery-code-used', to, left, forgotLink: links.forgot })));
}

/** Why a sign-in is told to the owner of the account (OWASP ASVS 5.0 6.3.5). */
export type Unusual = Extract<Mail, { kind: 'unusual-sign-in' }>['because'];

/** Tells of a sign-in that may be somebody else's: two a day, so that many of them do not hide what else is mailed. */
export function tellUnusual({ mailer, links, limiters, limitKeys, clock }: FlowParts, { account, span, because, browser }: { readonly account: StoredAccount; readonly span: Pick<UniformSpan, 'later'>; readonly because: Unusual; readonly browser: string | undefined }): void {
  const atMs = clock.nowMs();
  span.later('unusual-sign-in-mail', async () => {
    const decision = await limiters.notice.take({ account: limitKeys.account(`${account.id} sign-in`) });
    if (decision.ok) await sendNotice({ mailer }, account, (to) => ({ kind: 'unusual-sign-in', to, because, ...(browser !== undefined && { browser }), atMs, forgotLink: links.forgot }));
  });
}

/** Tells that somebody has the password and not the second factor: few a day, since whoever has it could send them all night. */
export function tellFactorFailed({ mailer, links, limiters, limitKeys }: FlowParts, { account, span }: { readonly account: StoredAccount; readonly span: UniformSpan }): void {
  span.later('second-factor-failed-mail', async () => {
    const decision = await limiters.notice.take({ account: limitKeys.account(`${account.id} second-factor`) });
    if (decision.ok) await sendNotice({ mailer }, account, (to) => ({ kind: 'second-factor-failed', to, forgotLink: links.forgot }));
  });
}
