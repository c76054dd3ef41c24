import { lazy } from '../kernel/lazy.ts';

/** Letters that people write as digits and symbols. Where two are usual, both are tried. */
const leet: ReadonlyMap<string, string> = new Map([
  ['0', 'o'],
  ['1', 'il'],
  ['3', 'e'],
  ['4', 'a'],
  ['5', 's'],
  ['7', 't'],
  ['8', 'b'],
  ['9', 'g'],
  ['@', 'a'],
  ['$', 's'],
  ['!', 'il'],
  ['|', 'li'],
  ['+', 't'],
  ['(', 'c'],
]);

/** Punctuation, symbols and spaces; not emoji, which are as good as letters. */
const symbol = '[\\p{P}\\p{Z}\\p{Sm}\\p{Sc}\\p{Sk}]';
/** Numbers that people put before or after a word: up to four digits, */
const shortNumbers = ['\\d', '\\d{2}', '\\d{3}', '\\d{4}'];
/** and years and dates, which they put beside other numbers as well. */
const dates = ['(?:19|20)\\d{2}', '(?:\\d{2}(?:19|20)\\d{2}|(?:19|20)\\d{4})', '(?:\\d{4}(?:19|20)\\d{2}|(?:19|20)\\d{6})'];

const symbolTails = lazy(() => [new RegExp(`(${symbol})\\1*$`, 'u'), new RegExp(`${symbol}+$`, 'u')]);
const symbolHeads = lazy(() => [new RegExp(`^(${symbol})\\1*`, 'u'), new RegExp(`^${symbol}+`, 'u')]);
const numberTails = [...shortNumbers.map((number) => `(?<=\\D\\d*)${number}$`), ...dates.map((date) => `${date}$`)].map((end) => new RegExp(end, 'u'));
const numberHeads = [...shortNumbers.map((number) => `^${number}(?=\\d*\\D)`), ...dates.map((date) => `^${date}`)].map((end) => new RegExp(end, 'u'));
const fillerCharacter = lazy(() => new RegExp(`^(?:${symbol}|\\p{N})$`, 'u'));
const leetSymbols = /[@$!|+(]/g;
const leetCharacters = /[0-9@$!|+(]/g;
const leetBeforeNumber = /[@$!|+(]|[0-9](?!\d*$)/g;

/**
 * The text with leet characters read as letters: all of them, only the symbols, and all but the number at the end
 * (`qw3rty123`), each with either usual reading. Texts without leet give none.
 */
export function leetReadings(text: string): readonly string[] {
  if (text.search(leetCharacters) < 0) return [];
  return [leetCharacters, leetSymbols, leetBeforeNumber].flatMap((which) =>
    [0, 1].map((choice) => text.replaceAll(which, (written) => readings(written, choice))),
  );
}

function readings(written: string, choice: number): string {
  const letters = leet.get(written);
  return letters === undefined ? written : (letters[choice] ?? letters);
}

/** Whether a written character can stand for a letter. Both are folded. */
export function standsFor(written: string, letter: string): boolean {
  return written === letter || (leet.get(written)?.includes(letter) ?? false);
}

/** Whether a character is a digit, punctuation or a space: what is put around words. */
export function isFiller(character: string): boolean {
  return fillerCharacter().test(character);
}

/**
 * The text, and what is left of it without symbols, one number and again symbols at its end. Each is taken away in part,
 * too: the symbols may be letters of the word (`bu$1n3$$!`), the number may follow digits of it (`1234562024`).
 */
export function withoutTails(text: string): readonly string[] {
  return withoutEnds(text, symbolTails(), numberTails);
}

/** The same at its beginning. */
export function withoutHeads(text: string): readonly string[] {
  return withoutEnds(text, symbolHeads(), numberHeads);
}

/** The text, and what is left of it without any symbols around it. */
export function withoutSymbols(text: string): readonly string[] {
  return [text, [...symbolHeads(), ...symbolTails()].reduce((rest, end) => rest.replace(end, ''), text)];
}

function withoutEnds(text: string, symbols: readonly RegExp[], numberForms: readonly RegExp[]): readonly string[] {
  const bare = without(text, symbols);
  return numberForms.reduce<readonly string[]>(
    (found, number) => {
      const word = bare.at(-1) ?? text;
      return number.test(word) ? [...found, ...without(word.replace(number, ''), symbols)] : found;
    },
    bare,
  );
}

function without(text: string, ends: readonly RegExp[]): readonly string[] {
  return [text, ...ends.map((end) => text.replace(end, ''))];
}

/** Letter case and accents taken away, so that `Müller` and `MULLER` are one. Both sides of a comparison go through it. */
export function foldLetters(text: string): string {
  // NFC again at the end: Korean syllables would stay three characters each.
  return text.normalize('NFD').replaceAll(/[\u0300-\u036f]/g, '').toLowerCase().normalize('NFC');
}

/**
 * The shortest text of which the given one is at least two repetitions, the last of them perhaps cut short; the text
 * itself where there is none. One pass: the failure function of Knuth, Morris and Pratt.
 */
export function repeatedUnit(text: string): string {
  const borders = new Uint16Array(text.length);
  for (let at = 1, border = 0; at < text.length; at += 1) {
    while (border > 0 && text[at] !== text[border]) border = borders[border - 1] as number;
    if (text[at] === text[border]) border += 1;
    borders[at] = border;
  }
  const period = text.length - (borders[text.length - 1] ?? 0);
  return period * 2 <= text.length ? text.slice(0, period) : text;
}
