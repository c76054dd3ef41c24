import { datacenterV4, rotatedV6 } from '../addresses.ts';
import { leakedAs, popularPassword, type Population } from '../population.ts';
import { below, shuffledNumbers, stream, type Stream } from '../random.ts';
import { dayMs, hourMs, minuteMs } from '../scenario.ts';
import type { Traffic } from '../traffic.ts';
import { coversListed, evenly, listedGuess, listedUsers, scaled, type Attack, type AttackEvent, type AttackerId, type MakeAttack } from './attack.ts';
import { residential } from './residential.ts';

/** Pairs in the order they are tried: users of the list, and -1 for a name that nobody has here. */
function pairsOf(population: Population, next: Stream, unknown: number): Int32Array {
  const known = listedUsers(population);
  const all = Int32Array.from([...known, ...new Array<number>(unknown).fill(-1)]);
  return Int32Array.from(shuffledNumbers(next, all.length), (at) => all[at] as number);
}

/** A pair of the list. Unknown names bring passwords of the same kinds. */
function pairGuess(population: Population, user: number, index: number, address: string, next: Stream): AttackEvent {
  if (user >= 0) return listedGuess(population, user, address);
  const passwordId = next() < 0.1 ? popularPassword(next) : `foreign${index}`;
  return { as: 'guess', address, user: -1, name: `stranger${index}@example.test`, passwordId, leaked: leakedAs(passwordId, next() < 0.85) };
}

function stuffing(id: AttackerId, traffic: Traffic, startMs: number, plan: { readonly unknown: number; readonly overMs: number; readonly addresses: number; readonly addressOf: (index: number, next: Stream) => string }): Attack {
  const { population, seed } = traffic;
  const next = stream(`${id} events`, seed);
  const pairs = pairsOf(population, stream('pairs', seed), plan.unknown);
  return {
    id,
    ...evenly(startMs, pairs.length, plan.overMs),
    addresses: plan.addresses,
    covers: coversListed(population),
    event: (index) => pairGuess(population, pairs[index] as number, index, plan.addressOf(index, next), next),
  };
}

/** A5: all listed users and four times as many unknown names, from 20 addresses in 4 /24s, in 6 hours. */
export const stuffed: MakeAttack = (traffic, startMs) =>
  stuffing('A5', traffic, startMs, { unknown: scaled(traffic.population, 16_000), overMs: 6 * hourMs, addresses: 20, addressOf: (_index, next) => datacenterV4(below(next, 20)) });

/** A5s: the same, and after every fifth guess a sign-in to one of 50 accounts of its own from the same address, with a valid cookie. */
export const washing: MakeAttack = (traffic, startMs) => {
  const plain = stuffed(traffic, startMs);
  const events = plain.events + Math.floor(plain.events / 5);
  let last = datacenterV4(0);
  return {
    ...plain,
    id: 'A5s',
    ...evenly(startMs, events, 6 * hourMs),
    event(index) {
      if (index % 6 === 5) return { as: 'own', address: last, name: `washer${Math.floor(index / 6) % 50}@example.test`, known: true };
      const guess = plain.event(index - Math.floor(index / 6));
      last = guess.address;
      return guess;
    },
  };
};

/** A6: 10,000 pairs (4,000 known names), each from a residential address of its own, one a minute for 7 days. */
export const onePerAddress: MakeAttack = (traffic, startMs) => {
  const unknown = scaled(traffic.population, 6_000);
  const addresses = residential(traffic.population, stream('A6', traffic.seed), listedUsers(traffic.population).length + unknown);
  return stuffing('A6', traffic, startMs, { unknown, overMs: 7 * dayMs, addresses: addresses.length, addressOf: (index) => addresses[index] as string });
};

/** A6s: the known names alone, one every 5 minutes. */
export const onePerAddressSlow: MakeAttack = (traffic, startMs) => {
  const known = listedUsers(traffic.population).length;
  const addresses = residential(traffic.population, stream('A6s', traffic.seed), known);
  const roomMs = Math.floor(traffic.scenario.days - 14) * dayMs - 10 * hourMs;
  return stuffing('A6s', traffic, startMs, { unknown: 0, overMs: Math.min(known * 5 * minuteMs, roomMs), addresses: known, addressOf: (index) => addresses[index] as string });
};

/** A6w: A6s, and 40 sign-ins after each guess, to 60 accounts of its own in browsers that they know: so much more usual traffic. */
export const onePerAddressWashed: MakeAttack = (traffic, startMs) => {
  const slow = onePerAddressSlow(traffic, startMs);
  const events = slow.events * 41;
  return {
    ...slow,
    id: 'A6w',
    ...evenly(startMs, events, slow.lastMs - startMs + 5 * minuteMs),
    event: (index) => (index % 41 === 0 ? slow.event(index / 41) : { as: 'own', address: datacenterV4(index % 60), name: `washer${index % 60}@example.test`, known: true }),
  };
};

/** A6u: A6s at 25 attempts a day: under what can be told from chance. */
export const onePerAddressThin: MakeAttack = (traffic, startMs) => {
  const events = scaled(traffic.population, 25 * 13.5);
  const slow = onePerAddressSlow(traffic, startMs);
  const sent = new Set(Array.from({ length: events }, (_, index) => slow.event(index)).flatMap((event) => (event.as === 'guess' ? [event.user] : [])));
  const covers = coversListed(traffic.population);
  return { ...slow, id: 'A6u', ...evenly(startMs, events, 13.5 * dayMs), addresses: events, covers: (user, passwordId) => sent.has(user) && covers(user, passwordId) };
};

/** A7: 10,000 pairs, each from a new /64 of one /48, in 12 hours. */
export const rotation: MakeAttack = (traffic, startMs) => {
  const unknown = scaled(traffic.population, 6_000);
  return stuffing('A7', traffic, startMs, { unknown, overMs: 12 * hourMs, addresses: listedUsers(traffic.population).length + unknown, addressOf: (index) => rotatedV6(index) });
};
