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
        mail.because === 'breached-password'
          ? 'Your password is on a list of stolen passwords that attackers use, so it no longer opens your account. Please choose a new one.'
          : 'You asked for a new password. If it was not you, do nothing: your password stays as it is.',
        `Choose it here:\n${mail.link}`,
        `Or enter this code on the reset page: ${mail.code}`,
        `Link and code work until ${timeText(mail.expiresAtMs)}.`,
      ]);
    case 'password-changed':
      return letter('Your password was changed', ['The password of your Larkpost account has just been changed.', `Was this not you? Take the account back:\n${mail.forgotLink}`]);
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
