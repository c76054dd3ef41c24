import type { ReplyName, ReplyTemplate } from 'portcullis/uniform';
import type { PasswordAdvice } from '../auth.ts';
import { confirmPage } from './confirm.ts';
import { checkMailPage, messagePage, resetMailPage } from './message.ts';
import { resetPage } from './reset.ts';
import { signInPage } from './sign-in.ts';

type Templates = Readonly<Partial<Record<ReplyName, Partial<ReplyTemplate>>>>;

const toSignIn = { href: '/login', label: 'Sign in' };
const toHome = { href: '/', label: 'Home' };
const toAccount = { href: '/account', label: 'Back to the account' };

/**
 * The library's answers as pages of this app. Each is rendered once: nothing of a request, and so of an account, is in it.
 * What was typed and cannot be used is the one exception: rejected-form.ts shows the form again.
 */
export function protectedTemplates(advice: PasswordAdvice): Templates {
  return {
    'sign-in-failed': { html: signInPage({ problem: 'That did not work. Check the address and the password. If they are right, look into your mailbox: a mail there may say how to go on.' }) },
    'sign-up-received': { html: checkMailPage() },
    'sign-up-confirmed': { html: messagePage({ title: 'Your account is open', detail: 'You can sign in now.', links: [toSignIn] }) },
    'confirmation-failed': { html: confirmPage({ problem: 'The link or code is wrong, used or too old. If need be, sign up again.' }) },
    'forgot-received': { html: resetMailPage('If there is an account with that address, a mail with a link is on its way.') },
    'password-reset': { html: messagePage({ title: 'Your new password is saved', detail: 'All sessions have ended. Sign in with the new password.', links: [toSignIn] }) },
    'reset-failed': { html: resetPage({ advice, problem: 'The link or code is wrong, used or too old. Please ask for a new one.' }) },
    'password-changed': { html: messagePage({ title: 'Your password is changed', detail: 'Your other sessions have ended.', links: [toAccount], nav: 'member' }) },
    'password-change-failed': { html: messagePage({ title: 'Password not changed', detail: 'The current password is not right.', tone: 'bad', links: [toAccount], nav: 'member' }) },
    'too-many-requests': { html: messagePage({ title: 'Too many attempts', detail: 'Please wait a while and try again.', tone: 'bad', links: [toHome], nav: 'none' }) },
    'busy': { html: messagePage({ title: 'One moment', detail: 'We cannot do this right now. Please try again in a moment.', tone: 'bad', links: [toHome], nav: 'none' }) },
    'cross-site': { html: messagePage({ title: 'Request refused', detail: 'It came from another site. Please use the form on this one.', tone: 'bad', links: [toHome], nav: 'none' }) },
  };
}
