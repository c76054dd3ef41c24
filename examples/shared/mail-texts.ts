import type { Mail } from 'portcullis';
import { timeText } from './views/time.ts';

/** What the app itself mails, beside the mails of the sign-in. */
export type InvitationMail =
  | { readonly kind: 'invitation'; readonly to: string; readonly teamName: string; readonly link: string }
  | { readonly kind: 'invitation-existing-account'; readonly to: string; readonly teamName: string; readonly signInLink: string };

export type AppMail = Mail | InvitationMail;

export interface MailText {
  readonly subject: string;
  readonly text: string;
}

const resetReasons: Readonly<Record<Extract<Mail, { kind: 'reset-password' }>['because'], string>> = {
  'requested': 'You asked for a new password. If it was not you, do nothing: your password stays as it is.',
  'breached-password': 'Your password is on a list of stolen passwords that attackers use, so it no longer opens your account. Please choose a new one.',
  'too-many-failures': 'Somebody has tried so many passwords on your account that yours no longer opens it from a browser that we do not know. Please choose a new one.',
  'compromised': 'Somebody else has got hold of your password, so it no longer opens your account. Please choose a new one.',
  'incident': 'Accounts of Larkpost have been attacked. To be safe, your password no longer opens your account. Please choose a new one.',
  'disowned': 'You told us that somebody else has your password, so it no longer opens your account. Please choose a new one.',
};

const unusualSignIns: Readonly<Record<Extract<Mail, { kind: 'unusual-sign-in' }>['because'], string>> = {
  'new-browser': 'Somebody has signed in to your Larkpost account from a browser that we had not seen there before',
  'after-failures': 'Somebody has signed in to your Larkpost account after several wrong passwords in a row',
  'after-a-long-time': 'Somebody has signed in to your Larkpost account, for the first time in months',
};

const challenges: Readonly<Record<Extract<Mail, { kind: 'challenge' }>['purpose'], { readonly subject: string; readonly what: string }>> = {
  'sign-in': { subject: 'Is this you signing in?', what: 'Somebody is signing in to your Larkpost account with the right password, from a browser that we do not know.' },
  'enroll': { subject: 'Confirm that you are setting up a second step', what: 'Somebody who is signed in to your Larkpost account wants to protect it with a second step.' },
  'email-change': { subject: 'Confirm that you are changing your address', what: 'Somebody who is signed in to your Larkpost account wants to move it to another email address.' },
};

const factorChanges: Readonly<Record<Extract<Mail, { kind: 'second-factor-changed' }>['what'], string>> = {
  'added': 'An authenticator app was added to your Larkpost account',
  'removed': 'An authenticator app was removed from your Larkpost account',
  'suspended': 'An authenticator app of your Larkpost account was reported lost',
  'restored': 'An authenticator app of your Larkpost account works again',
  'disabled': 'So many wrong codes were tried that an authenticator app of your Larkpost account is switched off. Use a recovery code',
  'codes-replaced': 'Your Larkpost account has new recovery codes, and the old ones are void',
};

/** The words of every mail. */
export function mailText(mail: AppMail): MailText {
  switch (mail.kind) {
    case 'confirm-sign-up':
      return letter('Please confirm your address', [
        'Welcome to Larkpost!',
        `Confirm that this address is yours:\n${mail.link}`,
        `Or enter this code on the confirmation page: ${mail.code}`,
        `Link and code work until ${timeText(mail.expiresAtMs)}.`,
        'If you did not sign up, do nothing, and no account will be opened.',
      ]);
    case 'sign-up-start-again':
      return letter('Please sign up once more', [
        'You asked for the confirmation mail again, but there has been more than one sign-up with this address.',
        `To be sure that the account gets your password and nobody else's, please start again:\n${mail.signUpLink}`,
      ]);
    case 'sign-up-existing-account':
      return letter('You already have a Larkpost account', [
        'Somebody, probably you, tried to sign up with this address. It has an account already.',
        `Sign in:\n${mail.signInLink}`,
        `Forgot the password? Choose a new one:\n${mail.forgotLink}`,
      ]);
    case 'reset-password':
      return letter('Choose a new password', [
        resetReasons[mail.because],
        `Choose it here:\n${mail.link}`,
        `Or enter this code on the reset page: ${mail.code}`,
        `Link and code work until ${timeText(mail.expiresAtMs)}.`,
      ]);
    case 'password-changed':
      return letter('Your password was changed', ['The password of your Larkpost account has just been changed.', `Was this not you? Take the account back:\n${mail.forgotLink}`]);
    case 'challenge':
      return letter(challenges[mail.purpose].subject, [
        challenges[mail.purpose].what,
        `If this is you, open the link in the same browser:\n${mail.link}`,
        `It works until ${timeText(mail.expiresAtMs)}.`,
        `If it is not you, stop them here:\n${mail.disownLink}`,
      ]);
    case 'unusual-sign-in':
      return letter('Somebody has signed in to your account', [
        `${unusualSignIns[mail.because]} (${timeText(mail.atMs)}${mail.browser === undefined ? '' : `, ${mail.browser}`}).`,
        `If that was you, do nothing. If not, take the account back:\n${mail.forgotLink}`,
      ]);
    case 'second-factor-failed':
      return letter('Somebody has your password', ['Somebody entered the right password of your Larkpost account, but not the code of your second step, so they did not get in.', `If it was not you, choose a new password now:\n${mail.forgotLink}`]);
    case 'second-factor-changed':
      return letter('Your second step has changed', [
        `${factorChanges[mail.what]}${mail.name === undefined ? '' : ` (${mail.name})`}${mail.by === 'admin' ? ', by an administrator of your team' : ''}.`,
        `Was this not you? Take the account back:\n${mail.forgotLink}`,
      ]);
    case 'recovery-code-used':
      return letter('A recovery code was used', [
        `Somebody, probably you, signed in with one of your recovery codes. ${mail.left === 0 ? 'There is none left' : `${mail.left} of them ${mail.left === 1 ? 'is' : 'are'} left`}. Make new ones on your account page.`,
        `Was this not you? Take the account back:\n${mail.forgotLink}`,
      ]);
    case 'second-factor-reminder':
      return letter('Please set up your second step', [`Your team asks everybody for a second step when signing in. Until ${timeText(mail.deadlineMs)} you can still sign in without it.`, `Set it up on your account page:\n${mail.signInLink}`]);
    case 'confirm-email-change':
      return letter('Please confirm your new address', [
        `Confirm that your Larkpost account should move to this address:\n${mail.link}`,
        `Or enter this code on the confirmation page: ${mail.code}`,
        `Link and code work until ${timeText(mail.expiresAtMs)}.`,
        'If you did not ask for this, do nothing.',
      ]);
    case 'email-change-existing-account':
      return letter('You already have a Larkpost account', ['Somebody, probably you, wanted to move another account to this address. It has an account already.', `Sign in:\n${mail.signInLink}`, `Forgot the password?\n${mail.forgotLink}`]);
    case 'email-changed':
      return letter(mail.what === 'done' ? 'Your address was changed' : 'Somebody asked to change your address', [
        mail.what === 'done' ? 'Your Larkpost account has another email address from now on.' : 'Somebody who is signed in to your Larkpost account wants to move it to another email address.',
        `Was this not you? Take the account back:\n${mail.forgotLink}`,
      ]);
    case 'incident-affected':
      return letter('Somebody else was in your account', [
        mail.reason,
        mail.signedInAtMs === undefined ? 'Your Larkpost account is among those that were hit.' : `Your Larkpost account is among those that were hit: somebody came in on ${timeText(mail.signedInAtMs)}.`,
        mail.mustReset ? `Your password no longer opens it. Choose a new one:\n${mail.forgotLink}` : `Choose a new password:\n${mail.forgotLink}`,
      ]);
    case 'incident-notice':
      return letter('About the security of your account', [
        mail.reason,
        'Your Larkpost account is not among those that were hit.',
        mail.hasSecondFactor ? 'It is protected by a second step, which is what kept attackers out. There is nothing to do for you.' : `A second step would have kept the attackers out. Set it up on your account page:\n${mail.signInLink}`,
      ]);
    case 'invitation':
      return letter(`Join ${mail.teamName} on Larkpost`, [`You have been invited to work on the mailings of ${mail.teamName}.`, `Accept:\n${mail.link}`]);
    case 'invitation-existing-account':
      return letter(`${mail.teamName} invited you`, [
        `${mail.teamName} invited you to Larkpost, where you have an account already. An account belongs to one team.`,
        `Sign in:\n${mail.signInLink}`,
      ]);
  }
}

function letter(subject: string, paragraphs: readonly string[]): MailText {
  return { subject, text: `Hello,\n\n${paragraphs.join('\n\n')}\n\nLarkpost\n` };
}
