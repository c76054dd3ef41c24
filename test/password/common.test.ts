import { readFileSync } from 'node:fs';
import { dictionary } from '@zxcvbn-ts/language-common';
import { commonList } from 'portcullis/breach';
import { describe, expect, it } from 'vitest';
import { codesFor, codesOf, policyOf } from './setup.ts';

const entries = dictionary['passwords-common'] as readonly string[];
const capitalized = (entry: string) => entry.charAt(0).toUpperCase() + entry.slice(1);
const partner = (index: number) => entries[(index * 7_919 + 13) % entries.length] as string;

/** What guessing tools make of each entry of a list before anything else. */
const rules: Readonly<Record<string, (entry: string, index: number) => string>> = {
  'twice': (entry) => entry + entry,
  'three times': (entry) => entry.repeat(3),
  'twice with symbols after': (entry) => `${entry}${entry}!!`,
  'joined with another': (entry, index) => entry + partner(index),
  'joined with another by a hyphen, capital first': (entry, index) => `${capitalized(entry)}-${partner(index)}`,
  'joined with another, year and symbol after': (entry, index) => `${entry}${partner(index)}2024!`,
  'year and symbols after': (entry) => `${capitalized(entry)}2025!!`,
  'date after': (entry) => `${entry}31121999`,
  'year before and symbols after': (entry) => `1987${entry}$$$$`,
  'twice with a year after each': (entry) => `${entry}1999${entry}1999`,
  // After digits only years and dates are taken for additions: any number would be one otherwise.
  'four digits after': (entry) => (/\D/.test(entry) ? `${entry}4711` : `${entry}2019`),
};

/** Every tenth entry through every rule, and every entry twice: distinct passwords of at least so many characters. */
function derived(minChars: number): readonly string[] {
  const made = entries.map((entry) => entry + entry);
  for (const rule of Object.values(rules)) made.push(...entries.filter((_, index) => index % 10 === 0).map(rule));
  return [...new Set(made)].filter((password) => Array.from(password).length >= minChars);
}

/** Those that the policy does not find common. */
async function missed(passwords: readonly string[], secondFactor: boolean): Promise<readonly string[]> {
  const policy = policyOf();
  const missing: string[] = [];
  for (const password of passwords) {
    if (!codesOf(await policy.check({ password, secondFactor })).includes('common')) missing.push(password);
  }
  return missing;
}

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const inWords = (count: number) => count.toLocaleString('en');

// ASVS 6.2.4: at least the top 3,000 passwords that match the policy
describe('common passwords', { timeout: 120_000 }, () => {
  it('refuses every one that its rules make of the list at 15 characters, and the README tells how many', async () => {
    const made = derived(15);
    expect(await missed(made, false)).toEqual([]);
    expect(made.length).toBeGreaterThanOrEqual(3_000);
    expect(readme).toContain(`${inWords(made.length)} of at least 15 characters`);
  });

  it('refuses every entry of 8 characters as it is, and the README tells how many', async () => {
    const long = entries.filter((entry) => Array.from(entry).length >= 8);
    expect(await missed(long, true)).toEqual([]);
    expect(long.length).toBeGreaterThanOrEqual(3_000);
    expect(readme).toContain(`${inWords(long.length)} entries of at least 8 characters`);
  });

  it('refuses at 8 characters what the rules make of short entries', async () => {
    const short = derived(8).filter((password) => Array.from(password).length < 15);
    expect(await missed(short, true)).toEqual([]);
    expect(short.length).toBeGreaterThanOrEqual(3_000);
  });

  it('refuses entries written in leet, in capitals, and both ways repeated', async () => {
    const leet = new Map([['a', '4'], ['e', '3'], ['o', '0'], ['s', '$'], ['t', '7']]);
    const words = entries.filter((entry) => /^[a-z]{8,}$/.test(entry)).slice(0, 2_000);
    const written = words.flatMap((word) => {
      const leeted = word.replaceAll(/[aeost]/g, (letter) => leet.get(letter) ?? letter);
      return [word.toUpperCase(), leeted, `${leeted}2024!`, leeted + leeted];
    });
    expect(await missed(written, true)).toEqual([]);
  });
});

describe('a simple variation of a common password', () => {
  it.each([
    ['the same character', 'aaaaaaaaaaaaaaa'],
    ['two characters in turn', 'xyxyxyxyxyxyxyxy'],
    ['two emoji in turn', '😀🎉'.repeat(8)],
    ['a triple of the list, cut off', '123123123123123123'],
    ['a number that ends in a year', '12345612345620241234562024'.slice(0, 22)],
    ['a word in two kinds of leet', 'P4ssw0rd!P4ssw0rd!'],
    ['leet before a number that is part of it', 'qw3rty123qw3rty123'],
    ['leet symbols beside a number that is part of one half', '@w3$0m3Lyd1@1!'],
    ['leet symbols at its end', 'bu$1n3$$2025!!!'],
    ['symbols on both sides', '***Monkey-Dragon***'],
    ['spaces between and around', '   dragon    monkey '],
    ['full-width capitals and spaces of other scripts', 'dragon\u3000\u2003monkey2024'],
  ])('is refused: %s', async (_, password) => {
    expect(await codesFor({ password })).toContain('common');
  });

  it('may hold the person or the site as one half', async () => {
    expect(await codesFor({ password: 'acmepassword2026' }, { contextWords: ['Acme'] })).toEqual(['common']);
    expect(await codesFor({ password: 'Müller-password1', personal: ['Müller'] })).toEqual(['common']);
    expect(await codesFor({ password: 'müllerstrawberry', personal: [] })).toEqual([]);
  });

  it('is not a number that ends in digits which only happen to follow a common one', async () => {
    expect(await codesFor({ password: '1231238457', secondFactor: true })).toEqual([]);
    expect(await codesFor({ password: '1231232019', secondFactor: true })).toEqual(['common']);
  });

  // SP 800-63B-4 3.1.1.2: "not substrings"
  it.each([
    'my dragon eats no monkeys',
    'password is a word of eight',
    'dragonfly over monkey bay 7 times',
    'correct horse battery staple',
    '8392017465201931',
    '839274615028374',
  ])('is not a sentence or number in which one occurs: %s', async (password) => {
    expect(await codesFor({ password })).toEqual([]);
  });
});

describe('a list of the app itself', () => {
  it('is asked for the whole password as it is, however long', async () => {
    const phrase = 'It was the best of times, it was the worst of times';
    const own = { has: (password: string) => password === phrase };
    expect(await codesFor({ password: phrase }, { commonList: own })).toEqual(['common']);
    expect(await codesFor({ password: `${phrase}!` }, { commonList: own })).toEqual([]);
  });

  it('that is broken lets nothing pass', async () => {
    const broken = { has: () => { throw new Error('list gone'); } };
    await expect(policyOf({ commonList: broken }).check({ password: 'ripe plums sail over Uppsala' })).rejects.toThrow('list gone');
  });

  it.each([
    ['one that would need more', '@!0019$a20@191@$190@a@202612@a!a12@a12!@19!$112'],
    ['leet alone', '@$!|+(0134578'.repeat(10).slice(0, 128)],
    ['leet of two entries in length', '@4$5!1|+7(8309'.repeat(5).slice(0, 62)],
    ['numbers and symbols on both sides', '!!2026Passw0rdQw3rtyDrag0nM0nkey!!2026!!Passw0rd'],
    ['symbols and numbers in turn', `${'!'.repeat(60)}2026a`.repeat(2).slice(0, 128)],
    ['years', '20262026'.repeat(16)],
    ['one character', '0'.repeat(128)],
    ['the longest repetitions', 'abaababaabaababaababaabaababaabaababaababaabaababaababaabaababaab'],
  ])('is asked 1,025 times at most for one password: %s', async (_, password) => {
    let asked = 0;
    const counting = { has: () => { asked += 1; return false; } };
    await codesFor({ password }, { commonList: counting });
    expect(asked).toBeLessThanOrEqual(1_025);
  });

  it('is asked rarely for what people choose', async () => {
    const list = commonList();
    let asked = 0;
    const counting = { has: (password: string) => { asked += 1; return list.has(password); } };
    await codesFor({ password: 'ripe plums sail over Uppsala' }, { commonList: counting });
    expect(asked).toBeLessThan(40);
  });
});
