import type { ReplyName, ReplyTemplate } from 'portcullis/uniform';
import type { PasswordAdvice } from '../auth.ts';
import { confirmEmailPage } from './confirm-email.ts';
import { confirmPage } from './confirm.ts';
import { loginCodePage } from './login-code.ts';
import { checkMailPage, messagePage, resetMailPage } from './message.ts';
import { readOnlyPage } from './read-only.ts';
import { resetPage } from './reset.ts';
import { signInPage } from './sign-in.ts';
import { stepUpPage } from './step-up.ts';

type Templates = Readonly<Partial<Record<ReplyName, Partial<ReplyTemplate>>>>;

const toSignIn = { href: '/login', label: 'Sign in' };
const toHome = { href: '/', label: 'Home' };
const toAccount = { href: '/account', label: 'Back to the account' };
const toSecurity = { href: '/account/security', label: 'Go on' };
const toInbox = { href: '/mails', label: 'Open the development inbox' };

/**
 * The library's answers as pages of this app. Each is rendered once: nothing of a request, and so of an account, is in it.
 * What was typed and cannot be used is the one exception: rejected-form.ts shows the form again.
 */
export function protectedTemplates(advice: PasswordAdvice): Templates {
  return {
    ...secondStepTemplates(advice),
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

/** The answers of the second step and of what goes with it. */
function secondStepTemplates(advice: PasswordAdvice): Templates {
  return {
    'mfa-required': { html: messagePage({ title: 'Please sign in once more', detail: 'This account has a second step, and this session began without it.', tone: 'bad', links: [toSignIn], nav: 'sign-out' }) },
    'mfa-enrollment-required': { html: messagePage({ title: 'Set up your second step', detail: 'Your team asks for a second step at sign-in. Set it up to go on.', links: [toSecurity], nav: 'sign-out' }) },
    'password-change-required': { html: messagePage({ title: 'Choose a new password', detail: 'Your password must be replaced before you can go on.', tone: 'bad', links: [{ href: '/account/password', label: 'Go on' }], nav: 'sign-out' }) },
    'read-only': { html: readOnlyPage({ level: 'writes', reason: '' }) },
    'reauthentication-required': { html: stepUpPage({ next: '/account/security' }) },
    'second-factor-failed': { html: loginCodePage({ problem: 'The code is wrong, used or too old. Wait for the next one, or use a recovery code.' }) },
    'second-factor-expired': { html: signInPage({ problem: 'That took too long, or too many codes were wrong. Please sign in again.' }) },
    'reset-second-factor': { html: resetPage({ advice, problem: 'This account has a second step. Open the link of the mail again and enter a code of it together with the new password.', secondStep: true }) },
    'factor-changed': { html: messagePage({ title: 'It is changed', detail: 'Everywhere else you are signed out.', links: [{ href: '/account/security', label: 'Back to the security page' }], nav: 'member' }) },
    'factor-refused': { html: messagePage({ title: 'Not changed', detail: 'There is no such thing any more, there are as many as can be, or your team asks for a second step and this is your last one: add another one first.', tone: 'bad', links: [{ href: '/account/security', label: 'Back to the security page' }], nav: 'member' }) },
    'step-up-done': { html: messagePage({ title: 'Thank you', detail: 'It is you. You can go on now.', links: [{ href: '/contacts', label: 'Go on' }], nav: 'member' }) },
    'step-up-failed': { html: stepUpPage({ next: '/contacts', problem: 'The password or the code is not right.' }) },
    'challenge-sent': {
      html: messagePage({
        title: 'Check your mail',
        detail: 'Before we go on we make sure that it is you, and nobody else who has your password. Open the link of the mail in this browser, and you go on.',
        links: [toInbox, { href: '/challenge', label: 'Paste the link' }],
        nav: 'sign-out',
      }),
    },
    'challenge-confirmed': { html: messagePage({ title: 'Thank you, it is you', detail: 'You can go on with what you were doing.', links: [{ href: '/account/security', label: 'Set up a second step' }, { href: '/account', label: 'Change the address' }], nav: 'sign-out' }) },
    'challenge-failed': { html: messagePage({ title: 'That link does not work', detail: 'It is used or too old, or it was asked for in another browser than this one. Go back to where you were and ask for another one.', tone: 'bad', links: [toHome, { href: '/forgot', label: 'Choose a new password' }], nav: 'none' }) },
    'challenge-disowned': { html: messagePage({ title: 'They are stopped', detail: 'All sessions have ended, and the password opens nothing any more. A mail with a link to a new one is on its way.', links: [toInbox] }) },
    'own-challenge-failed': { html: messagePage({ title: 'Please try again', detail: 'We could not make sure that you are no program.', tone: 'bad', links: [toSignIn] }) },
    'email-change-received': {
      html: messagePage({
        title: 'Check your mail',
        detail: 'If that address can be used, a mail is on its way there. Your old address gets a notice. Nothing has changed yet.',
        links: [{ href: '/confirm-email', label: 'Enter the code' }, toInbox],
        nav: 'member',
      }),
    },
    'email-changed': { html: messagePage({ title: 'Your address is changed', detail: 'Sign in with the new one from now on.', links: [toAccount], nav: 'none' }) },
    'email-change-failed': { html: confirmEmailPage({ problem: 'The link or code is wrong, used or too old. If need be, start again on the account page.' }) },
  };
}
