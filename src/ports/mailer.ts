/** A mail to the owner of an address, as data; the words are the app's. Links and codes are secrets. */
export type Mail =
  | { readonly kind: 'confirm-sign-up'; readonly to: string; readonly link: string; readonly code: string; readonly expiresAtMs: number }
  /** Asked for the confirmation again, after several sign-ups: nobody but the owner can tell which of them was theirs. */
  | { readonly kind: 'sign-up-start-again'; readonly to: string; readonly signUpLink: string }
  | { readonly kind: 'sign-up-existing-account'; readonly to: string; readonly signInLink: string; readonly forgotLink: string }
  | {
      readonly kind: 'reset-password';
      readonly to: string;
      readonly link: string;
      readonly code: string;
      readonly expiresAtMs: number;
      readonly because: 'requested' | 'breached-password';
    }
  | { readonly kind: 'password-changed'; readonly to: string; readonly how: 'change' | 'reset'; readonly forgotLink: string };

/** Sends one mail. It runs after the answer is out; a rejection becomes an event and never a different answer. */
export interface Mailer {
  send(mail: Mail): Promise<void>;
}
