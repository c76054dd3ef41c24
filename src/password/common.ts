import { leetReadings, repeatedUnit, withoutHead, withoutSymbolTail, withoutTail } from './fold.ts';

/** The passwords that attackers try first. `commonList()` of portcullis/breach is one. */
export interface CommonPasswords {
  /** Whether this text, as a whole, is on the list. Asked at most {@link maxLookups} times for one password. */
  has(password: string): boolean;
}

/** How often the list is asked for one password at most. No password known to the tests needs as many. */
export const maxLookups = 512;

/** Longest entry that is looked for, UTF-16 units: the longest of the embedded list has 20. */
const maxEntryChars = 32;
/** Shortest half of a joined pair. */
const minPartChars = 3;

/**
 * Whether a password is on the list, or made from it by the rules that guessing tools apply first: letter case and leet,
 * a number of up to four digits or a date before or after, symbols before or after, repetition, two entries joined
 * (also with symbols between), and all of these together. One or two characters repeated count as well.
 *
 * The rules are needed because a list of real passwords has next to none of 15 characters: 41 of 49,233.
 * `words` are joined with the entries as if they were entries. Source: NIST SP 800-63B-4 section 3.1.1.2, ASVS 5.0 6.2.4.
 */
export function isCommon(password: string, { list, words }: { readonly list: CommonPasswords; readonly words: readonly string[] }): boolean {
  const isEntry = remembering(list, new Set(words));
  const texts = coresOf(password.toLowerCase());
  return isEntry(password) || texts.some((text) => isEntry(text)) || texts.some((text) => isShortRepeat(text) || isPair(text, isEntry));
}

/** Asks the list once for each text: the cores of a password share most of their beginnings. */
function remembering(list: CommonPasswords, words: ReadonlySet<string>): (text: string) => boolean {
  const answers = new Map<string, boolean>();
  return (text) => {
    if (text.length < minPartChars || text.length > maxEntryChars) return false;
    const known = answers.get(text);
    if (known !== undefined) return known;
    if (answers.size >= maxLookups) return false;
    const answer = words.has(text) || list.has(text);
    answers.set(text, answer);
    return answer;
  };
}

/** What is left of a password when additions, repetition and leet are taken away, in every order that people use. */
function coresOf(text: string): readonly string[] {
  const whole = unique([text, repeatedUnit(text)]);
  const headless = unique(whole.flatMap((core) => [core, withoutHead(core)]));
  const trimmed = unique(headless.flatMap((core) => [core, withoutSymbolTail(core), withoutTail(core)]));
  const units = unique(trimmed.flatMap((core) => [core, repeatedUnit(core)]));
  return unique([...units, ...units.flatMap((core) => leetReadings(core))]);
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

function isShortRepeat(text: string): boolean {
  const unit = repeatedUnit(text);
  return unit !== text && Array.from(unit).length <= 2;
}

/** Whether a text is two entries, with or without symbols between them. */
function isPair(text: string, isEntry: (part: string) => boolean): boolean {
  const characters = Array.from(text);
  if (characters.length < 2 * minPartChars || characters.length > 2 * maxEntryChars) return false;
  for (let at = minPartChars; at <= Math.min(characters.length - minPartChars, maxEntryChars); at += 1) {
    if (!isEntry(characters.slice(0, at).join(''))) continue;
    const rest = characters.slice(at).join('');
    if (isEntry(rest) || isEntry(withoutHead(rest))) return true;
  }
  return false;
}
