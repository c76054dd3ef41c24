import { hash } from 'node:crypto';
import { commonListEntries, commonListHeads, commonListLongestChars } from './common-list.data.ts';
import { breached, clean, formsOf, unknown, type BreachSource } from './verdict.ts';

/** The embedded list of leaked passwords. */
export interface CommonList extends BreachSource {
  readonly local: true;
  /** How many passwords are on it. */
  readonly size: number;
  /** Whether this password, as a whole, is on the list as it is, in NFC, or in lower case. False for anything but a string. */
  readonly has: (password: string) => boolean;
}

/** Bytes of SHA-256 kept of each entry. Chance of a stranger being refused: 1 in five billion. */
const headBytes = 6;

let decoded: Buffer | undefined;

/**
 * The passwords that attackers try first, inside the package: no network, no file, no dictionary. The entries are those
 * of the password dictionary in @zxcvbn-ts/language-common, as heads of their SHA-256, sorted; decoded at first use.
 * `check` answers `breached` with count 1, or `clean`: of what is not on the list it knows nothing.
 */
export function commonList(): CommonList {
  return Object.freeze({
    name: 'common-list',
    local: true,
    size: commonListEntries,
    has,
    check({ password }) {
      if (formsOf(password) === undefined) return Promise.resolve(unknown('invalid-input'));
      return Promise.resolve(has(password) ? breached(1) : clean);
    },
  } satisfies CommonList);
}

function has(password: string): boolean {
  const forms = formsOf(password);
  // Lower-casing never makes a text so much shorter that twice the length would not do.
  if (forms === undefined || password.length > commonListLongestChars * 2) return false;
  return forms.some((form) => isListed(form) || isListed(form.toLowerCase()));
}

function isListed(text: string): boolean {
  decoded ??= Buffer.from(commonListHeads, 'base64');
  const head = hash('sha256', text, 'buffer').readUIntBE(0, headBytes);
  let from = 0;
  let to = decoded.length / headBytes;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const found = decoded.readUIntBE(middle * headBytes, headBytes);
    if (found === head) return true;
    if (found < head) from = middle + 1;
    else to = middle;
  }
  return false;
}
