/** Letters that people write as digits and symbols. Where two are usual, both are tried. */
const leet: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'il',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '9': 'g',
  '@': 'a',
  '$': 's',
  '!': 'il',
  '|': 'li',
  '+': 't',
  '(': 'c',
};

/** Punctuation, symbols and spaces; not emoji, which are as good as letters. */
const symbol = '[\\p{P}\\p{Z}\\p{Sm}\\p{Sc}\\p{Sk}]';
/** Digits that people put before or after a word: up to four, or a date with a year of four digits. */
const number = '(?:\\d{1,4}|(?:19|20)\\d{4}|\\d{2}(?:19|20)\\d{2}|(?:19|20)\\d{6}|\\d{4}(?:19|20)\\d{2})';

const symbolTail = new RegExp(`${symbol}+$`, 'u');
const numberTail = new RegExp(`(?<!\\d)${number}$`, 'u');
const symbolHead = new RegExp(`^${symbol}+`, 'u');
const numberHead = new RegExp(`^${number}(?!\\d)`, 'u');
const fillerCharacter = /^[\p{N}\p{P}\p{Z}\p{Sm}\p{Sc}\p{Sk}]$/u;

/** The text with every leet character read as a letter: once with each usual reading. */
export function leetReadings(text: string): readonly string[] {
  return [0, 1].map((choice) => text.replaceAll(/[0-9@$!|+(]/g, (written) => readings(written, choice)));
}

function readings(written: string, choice: number): string {
  const letters = leet[written];
  return letters === undefined ? written : (letters[choice] ?? letters);
}

/** Whether a written character can stand for a letter. Both are folded. */
export function standsFor(written: string, letter: string): boolean {
  return written === letter || (leet[written]?.includes(letter) ?? false);
}

/** Whether a character is a digit, punctuation or a space: what is put around words. */
export function isFiller(character: string): boolean {
  return fillerCharacter.test(character);
}

export function withoutSymbolTail(text: string): string {
  return text.replace(symbolTail, '');
}

/** The text without the symbols, one number and again the symbols at its end. */
export function withoutTail(text: string): string {
  return withoutSymbolTail(withoutSymbolTail(text).replace(numberTail, ''));
}

/** The same at its beginning. */
export function withoutHead(text: string): string {
  return text.replace(symbolHead, '').replace(numberHead, '').replace(symbolHead, '');
}

/** Letter case and accents taken away, so that `Müller` and `MULLER` are one. Both sides of a comparison go through it. */
export function foldLetters(text: string): string {
  return text.normalize('NFD').replaceAll(/[\u0300-\u036f]/g, '').toLowerCase();
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
