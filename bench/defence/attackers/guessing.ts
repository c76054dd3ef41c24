import { datacenterV4 } from '../addresses.ts';
import { popularOfRank, rankOf, type LeakedAs } from '../population.ts';
import { below, shuffledNumbers, stream } from '../random.ts';
import { dayMs, hourMs } from '../scenario.ts';
import { evenly, scaled, type MakeAttack } from './attack.ts';
import { residential } from './residential.ts';

/** A1: the 500 most popular passwords on 20 accounts, one account after the other, 10 a second from one address. */
export const depthFirst: MakeAttack = ({ population, seed }, startMs) => {
  const guesses = 500;
  const users = [...shuffledNumbers(stream('A1', seed), population.accounts).slice(0, 20)];
  const aimed = new Set(users);
  return {
    id: 'A1',
    ...evenly(startMs, users.length * guesses, users.length * guesses * 100),
    addresses: 1,
    covers: (user, passwordId) => aimed.has(user) && rankOf(passwordId) > 0 && rankOf(passwordId) <= guesses,
    event(index) {
      const user = users[Math.floor(index / guesses)] as number;
      return { as: 'guess', address: datacenterV4(0), user, name: population.names[user] as string, passwordId: popularOfRank(1 + (index % guesses)), leaked: 'popular' };
    },
  };
};

/** A2: ten random passwords an hour on each of the 200 most active users, for 72 hours, from 50 residential addresses. */
export const lockOut: MakeAttack = ({ population, seed }, startMs) => {
  const next = stream('A2', seed);
  const users = [...population.rates.keys()].sort((a, b) => (population.rates[b] as number) - (population.rates[a] as number) || a - b).slice(0, scaled(population, 200));
  const addresses = residential(population, next, 50);
  return {
    id: 'A2',
    ...evenly(startMs, users.length * 10 * 72, 72 * hourMs),
    addresses: addresses.length,
    victims: new Set(users),
    event(index) {
      const user = users[index % users.length] as number;
      const address = addresses[below(next, addresses.length)] as string;
      return { as: 'guess', address, user, name: population.names[user] as string, passwordId: `random${index}`, leaked: 'no' };
    },
  };
};

/** A3: the 20 most popular passwords, each on all accounts, one a second from 5 addresses of a data center. */
export const fastSpray: MakeAttack = ({ population, seed }, startMs) => {
  const order = shuffledNumbers(stream('A3', seed), population.accounts);
  return {
    id: 'A3',
    ...evenly(startMs, 20 * order.length, 20 * order.length * 1_000),
    addresses: 5,
    covers: (_user, passwordId) => rankOf(passwordId) > 0 && rankOf(passwordId) <= 20,
    event(index) {
      const user = order[index % order.length] as number;
      return { as: 'guess', address: datacenterV4(index % 5), user, name: population.names[user] as string, passwordId: popularOfRank(1 + Math.floor(index / order.length)), leaked: 'popular' };
    },
  };
};

/** A4: one popular password a day for ten days on all accounts, two attempts a day from each of 5,000 residential addresses. */
export const slowSpray: MakeAttack = ({ population, seed }, startMs) => {
  const next = stream('A4', seed);
  const order = shuffledNumbers(next, population.accounts);
  const addresses = residential(population, next, Math.max(1, order.length / 2));
  return {
    id: 'A4',
    ...evenly(startMs, 10 * order.length, 10 * dayMs),
    addresses: addresses.length,
    covers: (_user, passwordId) => rankOf(passwordId) > 0 && rankOf(passwordId) <= 10,
    event(index) {
      const user = order[index % order.length] as number;
      const address = addresses[index % addresses.length] as string;
      return { as: 'guess', address, user, name: population.names[user] as string, passwordId: popularOfRank(1 + Math.floor(index / order.length)), leaked: 'popular' };
    },
  };
};

/**
 * A11: whoever knows something of a person guesses within 45 attempts (Wang, Zhang, Wang, Yan and Huang, CCS 2016, have 73 % of them within 100). One
 * person a day for twelve days, each guess from another residential address: too few for anything but the account to show.
 */
export const targeted: MakeAttack = ({ population, seed }, startMs) => {
  const guesses = 45;
  const next = stream('A11', seed);
  const users = [...shuffledNumbers(next, population.accounts).slice(0, 12)];
  const rightAt = new Map(users.map((user) => [user, below(next, guesses)]));
  const addresses = residential(population, next, users.length * guesses);
  return {
    id: 'A11',
    ...evenly(startMs, addresses.length, users.length * dayMs),
    addresses: addresses.length,
    covers: (user, passwordId) => rightAt.has(user) && population.passwords[user] === passwordId,
    event(index) {
      const user = users[Math.floor(index / guesses)] as number;
      const guess = index % guesses;
      const isRight = rightAt.get(user) === guess;
      return { as: 'guess', address: addresses[index] as string, user, name: population.names[user] as string, passwordId: isRight ? (population.passwords[user] as string) : `of${user} ${guess}`, leaked: isRight ? (population.leaked[user] as LeakedAs) : 'no' };
    },
  };
};
