import { hash } from 'node:crypto';
import { lazy } from '../kernel/lazy.ts';
import { commonListEntries, commonListLongestChars, commonListRests, commonListSteps } from './common-list.data.ts';
import { breached, clean, formsOf, unknown, type BreachSource } from './verdict.ts';

/** The embedded list of leaked passwords. */
export interface CommonList extends BreachSource {
  readonly local: true;
  /** How many passwords are on it. */
  readonly size: number;
  /** Whether this password, as a whole, is on the list as it is, in NFC, or in lower case. False for anything but a string. */
  readonly has: (password: string) => boolean;
}

/** Bytes of SHA-256 kept of each entry. Chance of a stranger being refused: 1 in five billion for each form looked up. */
const headBytes = 6;

const decoded = lazy(decodeHeads);

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
  const heads = decoded();
  const head = hash('sha256', text, 'buffer').readUIntBE(0, headBytes);
  let from = 0;
  let to = heads.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const found = heads[middle] as number;
    if (found === head) return true;
    if (found < head) from = middle + 1;
    else to = middle;
  }
  return false;
}

/** The heads in order, each from its distance to the one before. Stored so, loading the package takes a millisecond less. */
function decodeHeads(): Float64Array {
  const steps = Buffer.from(commonListSteps, 'base64');
  const rests = Buffer.from(commonListRests, 'base64');
  const heads = new Float64Array(commonListEntries);
  let head = 0;
  let bit = 0;
  for (let at = 0; at < heads.length; at += 1) {
    for (; (((steps[bit >> 3] as number) >> (7 - (bit & 7))) & 1) === 1; bit += 1) head += 2 ** 32;
    bit += 1;
    head += rests.readUInt32BE(at * 4);
    heads[at] = head;
  }
  return heads;
}
