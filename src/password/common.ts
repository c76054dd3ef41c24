import { foldLetters, leetReadings, repeatedUnit, withoutHeads, withoutSymbols, withoutTails } from './fold.ts';

/** The passwords that attackers try first. `commonList()` of portcullis/breach is one. */
export interface CommonPasswords {
  /** Whether this text, as a whole, is on the list. Asked about 20 times for one password, and 1,025 times at most. */
  has(password: string): boolean;
}

/** How often the list is asked for what is made of one password. What the rules below make of an entry needs a third of it. */
const maxLookups = 1_024;

/** Longest entry that is looked for inside a password, UTF-16 units: the longest of the embedded list has 20. */
const maxEntryChars = 32;
/** Shortest half of a joined pair. */
const minPartChars = 3;

type IsEntry = (text: string) => boolean;

/**
 * Whether a password is on the list, or made from it by the rules that guessing tools apply first: letter case and leet,
 * a number of up to four digits or a date before or after, symbols before or after, repetition, two entries joined
 * (also with symbols between), and all of these together. One or two characters repeated count as well.
 *
 * The rules are needed because a list of real passwords has next to none of 15 characters: 41 of 49,233.
 * `words` are joined with the entries as if they were entries. Source: NIST SP 800-63B-4 section 3.1.1.2, ASVS 5.0 6.2.4.
 */
export function isCommon(password: string, { list, words }: { readonly list: CommonPasswords; readonly words: readonly string[] }): boolean {
  if (list.has(password)) return true;
  const known = new Set(words);
  const isListed = remembering((text) => known.has(foldLetters(text)) || list.has(text));
  const isEntry = remembering((text) => isListed(text) || leetReadings(text).some(isListed));
  const wholes = withUnit(password.toLowerCase());
  const cores = unique(wholes.flatMap(withoutHeads).flatMap(withoutTails).flatMap(withUnit));
  // Pairs are looked for with a number on one side only: in digits alone, both sides would find one by chance.
  const bare = wholes.flatMap(withoutSymbols);
  const pairs = unique([...bare.flatMap(withoutTails), ...bare.flatMap(withoutHeads)]);
  return cores.some(isShortRepeat) || cores.some(isEntry) || pairs.some((text) => isPair(text, isEntry));
}

/** Asks once for each text, since the cores of a password share most of their beginnings, and not without end. */
function remembering(ask: IsEntry): IsEntry {
  const answers = new Map<string, boolean>();
  return (text) => {
    if (text.length < minPartChars || text.length > maxEntryChars) return false;
    const known = answers.get(text);
    if (known !== undefined) return known;
    if (answers.size >= maxLookups) return false;
    const answer = ask(text);
    answers.set(text, answer);
    return answer;
  };
}

/** The text and what it repeats. Of `123123123123` that is 123, but the entry may be 123123. */
function withUnit(text: string): readonly string[] {
  const unit = repeatedUnit(text);
  return unit === text ? [text] : [text, unit, unit + unit];
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

function isShortRepeat(text: string): boolean {
  const unit = repeatedUnit(text);
  return unit !== text && Array.from(unit).length <= 2;
}

/** Whether a text is two entries, with or without symbols between them. */
function isPair(text: string, isEntry: IsEntry): boolean {
  const characters = Array.from(text);
  if (characters.length < 2 * minPartChars || characters.length > 2 * maxEntryChars) return false;
  for (let at = minPartChars; at <= Math.min(characters.length - minPartChars, maxEntryChars); at += 1) {
    if (!isEntry(characters.slice(0, at).join(''))) continue;
    if (withoutHeads(characters.slice(at).join('')).some(isEntry)) return true;
  }
  return false;
}
