/** Longest password, bytes of UTF-8 after NFC: the cap of the password policy. */
const maxPasswordBytes = 1_024;
/** No 1,024 bytes of NFC come from more UTF-16 units than this; what is longer is not even normalized. */
const maxGivenChars = 4_096;

/** A password as it is hashed. */
export interface PasswordForms {
  /** False for what can be no password; the forms are a stand-in then, so that the work is the same. */
  readonly usable: boolean;
  /** NFC (SP 800-63B-4 section 3.1.1.2). */
  readonly nfc: string;
  /** As it was typed, where that differs: hashes that come from elsewhere were made of it. */
  readonly raw: string | undefined;
}

const standIn: PasswordForms = Object.freeze({ usable: false, nfc: 'a stand-in for no password', raw: undefined });

/**
 * The forms of what was typed. Not usable: no string, empty, ill-formed (in UTF-8 all lone surrogates are equal) or over
 * 1,024 bytes. A short stand-in replaces it, so that neither time nor work tells anything, and a long one costs nothing.
 */
export function readPassword(given: unknown): PasswordForms {
  if (typeof given !== 'string' || given === '' || given.length > maxGivenChars || !given.isWellFormed()) return standIn;
  const nfc = given.normalize('NFC');
  if (Buffer.byteLength(nfc) > maxPasswordBytes) return standIn;
  return { usable: true, nfc, raw: nfc === given ? undefined : given };
}
