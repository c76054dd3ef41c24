import { datacenterV4 } from '../addresses.ts';
import { below, shuffledNumbers, stream } from '../random.ts';
import { dayMs, hourMs, minuteMs } from '../scenario.ts';
import type { Traffic } from '../traffic.ts';
import { coversListed, evenly, listedGuess, listedUsers, scaled, type AttackEvent, type MakeAttack } from './attack.ts';

interface Timed {
  readonly atMs: number;
  readonly event: AttackEvent;
}

/** Times of the four entries from one address, from the first on 2019-10-12 09:00: 10-19 14:00, 10-21 21:00, 10-23 11:00. */
const entriesMs = [0, 7 * dayMs + 5 * hourMs, 9 * dayMs + 12 * hourMs, 11 * dayMs + 2 * hourMs];
/** From the first entry to the first look at the sign-up form. */
export const enumerationAfterMs = 9 * dayMs + 10 * hourMs + 15 * minuteMs;
/** 10-21 19:15 to 10-22 17:40, one a second. */
const probes = { fromMs: enumerationAfterMs, count: 80_700 };
/** 10-22 18:00 to 10-23 16:50. */
const stuffing = { fromMs: 10 * dayMs + 9 * hourMs, overMs: 22 * hourMs + 50 * minuteMs };

/**
 * A8: the attack on Customer.io in October 2019, as its postmortem and a customer's report give the times; the volumes are ours.
 * Four accounts are entered one by one from one address, with right passwords that leaked elsewhere; in between the sign-up form
 * is asked for 22 hours which addresses have an account, and those that do are tried with the pairs of a list.
 */
export const customerIo: MakeAttack = (traffic, startMs) => {
  const { population, seed } = traffic;
  const next = stream('A8', seed);
  const four = victimsOf(traffic);
  const covers = coversListed(population);
  const entries = four.map((user, nth): Timed => ({ atMs: startMs + (entriesMs[nth] as number), event: entry(traffic, user) }));
  const probing = evenly(startMs + probes.fromMs, probes.count, probes.count * 1_000);
  const looks = Array.from({ length: probes.count }, (_, index): Timed => ({ atMs: probing.atMs(index), event: look(traffic, index, next) }));
  const known = listedUsers(population);
  const order = shuffledNumbers(next, known.length).slice(0, scaled(population, 4_000));
  const stuffed = evenly(startMs + stuffing.fromMs, order.length, stuffing.overMs);
  const pairs = Array.from(order, (at, index): Timed => ({ atMs: stuffed.atMs(index), event: listedGuess(population, known[at] as number, datacenterV4(40 + (index % 6))) }));
  const all = [...entries, ...looks, ...pairs].sort((a, b) => a.atMs - b.atMs);
  const tried = new Set(Array.from(order, (at) => known[at] as number));
  return {
    id: 'A8',
    firstMs: startMs,
    lastMs: (all.at(-1) as Timed).atMs,
    events: all.length,
    addresses: 10,
    atMs: (index) => (all[index] as Timed).atMs,
    event: (index) => (all[index] as Timed).event,
    covers: (user, passwordId) => (four.includes(user) && passwordId === population.passwords[user]) || (tried.has(user) && covers(user, passwordId)),
  };
};

/** Four users without a second factor whose password is on the list of leaked ones, as those of 2019 were. */
function victimsOf({ population, seed }: Traffic): readonly number[] {
  const order = shuffledNumbers(stream('A8 victims', seed), population.accounts);
  return [...order.filter((user) => population.secondFactor[user] === 0 && population.leaked[user] === 'leaked').slice(0, entriesMs.length)];
}

function entry({ population }: Traffic, user: number): AttackEvent {
  return { as: 'guess', address: datacenterV4(30), user, name: population.names[user] as string, passwordId: population.passwords[user] as string, leaked: 'leaked' };
}

/** One address in twenty has an account. */
function look({ population }: Traffic, index: number, next: () => number): AttackEvent {
  const exists = next() < 0.05;
  const name = exists ? (population.names[below(next, population.accounts)] as string) : `guessed${index}@example.test`;
  return { as: 'probe', address: datacenterV4(35 + (index % 3)), name, exists };
}
