/** Why a password is refused. */
export type PasswordReasonCode = 'not-text' | 'too-short' | 'too-long' | 'context' | 'common' | 'breached' | 'weak';

/** `code` is for the program, `message` a sentence for the person who chose the password. */
export interface PasswordReason {
  readonly code: PasswordReasonCode;
  readonly message: string;
}

/** Most characters (code points after NFC) and bytes (UTF-8) that a password may have. SP 800-63B-4 3.1.1.2 asks for 64 at least. */
export const maxLengthChars = 128;
export const maxLengthBytes = 1_024;

const messages: Readonly<Record<Exclude<PasswordReasonCode, 'too-short'>, string>> = {
  'not-text': 'This password could not be read as text. Please type it again.',
  'too-long': `This password is too long. Please use at most ${maxLengthChars} characters.`,
  'context': 'This password is made of your name, your e-mail address or the name of this service, which others will guess.',
  'common': 'This password, or a simple variation of it, is one of those that attackers try first.',
  'breached': 'This password is known from a data leak, so attackers have it on their lists.',
  'weak': 'This password follows a pattern that is easy to guess.',
};

/** The reason in words. `minLengthChars` is the minimum that applied. */
export function reasonOf(code: PasswordReasonCode, minLengthChars: number): PasswordReason {
  const message = code === 'too-short' ? `This password is too short. Please use at least ${minLengthChars} characters.` : messages[code];
  return Object.freeze({ code, message });
}

/** What a person can do instead. SP 800-63B-4 section 3.1.1.2: guidance SHALL be offered, above all after a refusal. */
export function guidanceOf(minLengthChars: number): string {
  return (
    `Choose at least ${minLengthChars} characters. Several words that have nothing to do with each other or with you, with spaces ` +
    'between them, are strong and easy to remember. Or let a password manager make one and remember it. ' +
    'Capital letters, digits and symbols are welcome, but not required.'
  );
}
