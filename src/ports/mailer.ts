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
      /** All but the first: somebody had the right password, and it opens nothing any more. The last two: an operator has ordered it. */
      readonly because: 'requested' | 'breached-password' | 'too-many-failures' | 'disowned' | 'compromised' | 'incident';
    }
  | { readonly kind: 'password-changed'; readonly to: string; readonly how: 'change' | 'reset'; readonly forgotLink: string }
  /** `link` goes on, in the browser that asked; `disownLink` is for somebody who did not. */
  | { readonly kind: 'challenge'; readonly to: string; readonly purpose: 'sign-in' | 'enroll' | 'email-change'; readonly link: string; readonly disownLink: string; readonly expiresAtMs: number }
  /** Somebody has signed in: from a browser that is new, after wrong passwords in a row, or for the first time in three months. `browser` is its user agent. */
  | { readonly kind: 'unusual-sign-in'; readonly to: string; readonly because: 'new-browser' | 'after-failures' | 'after-a-long-time'; readonly browser?: string; readonly atMs: number; readonly forgotLink: string }
  /** Somebody had the right password, and no second factor. */
  | { readonly kind: 'second-factor-failed'; readonly to: string; readonly forgotLink: string }
  | {
      readonly kind: 'second-factor-changed';
      readonly to: string;
      readonly what: 'added' | 'removed' | 'suspended' | 'restored' | 'disabled' | 'codes-replaced';
      readonly by: 'owner' | 'admin' | 'library';
      readonly name?: string;
      readonly forgotLink: string;
    }
  | { readonly kind: 'recovery-code-used'; readonly to: string; readonly left: number; readonly forgotLink: string }
  | { readonly kind: 'second-factor-reminder'; readonly to: string; readonly deadlineMs: number; readonly signInLink: string }
  | { readonly kind: 'confirm-email-change'; readonly to: string; readonly link: string; readonly code: string; readonly expiresAtMs: number }
  /** To the owner of an address that somebody else wanted to move to. */
  | { readonly kind: 'email-change-existing-account'; readonly to: string; readonly signInLink: string; readonly forgotLink: string }
  /** To the old address when it is asked for, and to both when it is done. */
  | { readonly kind: 'email-changed'; readonly to: string; readonly what: 'requested' | 'done'; readonly forgotLink: string }
  /** Of an incident, to who was hit by it. `reason`: what the app says happened. `signedInAtMs`: when somebody came in from the attack's sources. */
  | { readonly kind: 'incident-affected'; readonly to: string; readonly reason: string; readonly mustReset: boolean; readonly signedInAtMs?: number; readonly forgotLink: string }
  /** Of an incident, to everybody else: ask them for a second factor, or thank them for having one. */
  | { readonly kind: 'incident-notice'; readonly to: string; readonly reason: string; readonly hasSecondFactor: boolean; readonly signInLink: string; readonly forgotLink: string };

/** Sends one mail. It runs after the answer is out; a rejection becomes an event and never a different answer. */
export interface Mailer {
  send(mail: Mail): Promise<void>;
}
