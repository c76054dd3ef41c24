import { dictionary } from '@zxcvbn-ts/language-common';
import type { SeededRandom } from './random.ts';

const firstNames = 'ada ben cleo dara emil fay gus hana ivo june kira leo mona nils olga paul quinn rosa sven tara uma vito wera yuri zoe amir bela caro dan edda'.split(' ');
const lastNames = 'abbott brandt castel dupont egger fisk grimm holt ibsen jarvis keller lund moreau nagy olsen pavel quist reyes stone tanaka ulrich varga weber yilmaz zander'.split(' ');
const teamWords = 'amber birch cedar delta ember fjord grove heron inlet juniper kestrel linden maple north opal prairie quarry river summit thistle'.split(' ');

const diceware = dictionary['diceware-common'] as readonly string[];

/** Passwords of the leaked list inside the language pack that are long enough for an app that asks for eight characters. */
export const leakedPasswords: readonly string[] = (dictionary['passwords-common'] as readonly string[]).filter((password) => password.length >= 8);

export interface Somebody {
  readonly email: string;
  readonly name: string;
}

/** Makes people, no two with the same address. All addresses are of one kind, so that nothing about them tells who has an account. */
export function createPeople(random: SeededRandom): (domain: string) => Somebody {
  const taken = new Set<string>();
  return (domain) => {
    for (;;) {
      const first = random.pick(firstNames);
      const last = random.pick(lastNames);
      const email = `${first}.${last}${random.integer(900) + 100}@${domain}`;
      if (taken.has(email)) continue;
      taken.add(email);
      return { email, name: `${capital(first)} ${capital(last)}` };
    }
  };
}

export function teamName(random: SeededRandom): string {
  return `${capital(random.pick(teamWords))} & ${capital(random.pick(teamWords))}`;
}

/** Five words by dice: about 64 bits, and in no list. */
export function passPhrase(random: SeededRandom): string {
  return Array.from({ length: 5 }, () => random.pick(diceware)).join(' ');
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
