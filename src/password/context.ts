import { lazy } from '../kernel/lazy.ts';
import { foldLetters, isFiller, standsFor } from './fold.ts';

/** Text beyond this says nothing about a person any more (it is the longest identifier, too). */
const maxTextChars = 320;
/** More names than anybody has. */
const maxPersonalTexts = 64;
/** All words of one list together. With it, the comparison below costs at most a few hundred thousand steps. */
export const maxWordChars = 1_024;
const wordParts = lazy(() => new RegExp('[\\p{L}\\p{M}\\p{N}]+', 'gu'));
/** A password is not refused because of initials or a country's domain alone. */
const minWordChars = 3;

/**
 * The words in names, addresses and titles, folded: `Alice.Smith@example.com` gives alicesmithexamplecom, alice, smith,
 * example and com. Anything but text, and text of more than 320 characters, gives none.
 */
export function wordsOf(texts: readonly unknown[]): readonly string[] {
  const words = new Set<string>();
  let roomChars = maxWordChars;
  for (const text of texts) {
    if (typeof text !== 'string' || text.length > maxTextChars) continue;
    const parts = foldLetters(text).match(wordParts()) ?? [];
    for (const word of [parts.join(''), ...parts]) {
      if (word === '' || words.has(word) || word.length > roomChars) continue;
      words.add(word);
      roomChars -= word.length;
    }
  }
  return [...words];
}

/**
 * The same for what is known of a person. It comes from a form, perhaps unchecked: one text instead of a list counts as
 * a list of one, and what follows the 64th text is left aside.
 */
export function personalWordsOf(personal: unknown): readonly string[] {
  return wordsOf([personal].flat().slice(0, maxPersonalTexts));
}

/**
 * Whether a password consists of these words and nothing else but digits, punctuation and spaces, in any letter case and
 * in leet: `acme-corp-2026!!` for Acme Corp. The password as a whole is compared: a sentence with such a word in it passes.
 * Source: NIST SP 800-63B-4 section 3.1.1.2 ("not substrings"), ASVS 5.0 6.2.11.
 */
export function isMadeOf(password: string, words: readonly string[]): boolean {
  const written = Array.from(foldLetters(password));
  const letters = words.map((word) => Array.from(word));
  // Which positions can be reached by words and filler; 2: a word of three characters or more is among them.
  const reached = new Uint8Array(written.length + 1);
  reached[0] = 1;
  for (const [at, character] of written.entries()) {
    const state = reached[at] as number;
    if (state === 0) continue;
    if (isFiller(character) && (reached[at + 1] as number) < state) reached[at + 1] = state;
    for (const word of letters) {
      const next = word.length >= minWordChars ? 2 : state;
      // What is reached already need not be compared again: without this, 128 times one letter costs 10 ms.
      if ((reached[at + word.length] ?? 2) >= next) continue;
      if (word.every((letter, offset) => standsFor(written[at + offset] ?? '', letter))) reached[at + word.length] = next;
    }
  }
  return reached[written.length] === 2;
}
