import { cgnatHome, homeV4, homeV6, officeV4, type Place } from './addresses.ts';
import { below, stream, type Stream } from './random.ts';
import type { Scenario } from './scenario.ts';

/** Ranks of the popular passwords. */
const headRanks = 10_000;
const headShare = 0.1;
const headExponent = 0.8;

/** What is fixed about the users of one run before it begins. Users are numbers; every list is by user. */
export interface Population {
  readonly accounts: number;
  readonly names: readonly string[];
  readonly ids: readonly string[];
  /** Sign-ins a day. */
  readonly rates: Float64Array;
  readonly devices: Uint8Array;
  readonly homes: readonly string[];
  readonly homePlaces: readonly Place[];
  readonly offices: readonly (string | undefined)[];
  readonly mobile: Uint8Array;
  readonly secondFactor: Uint8Array;
  /** The password on day 0. */
  readonly passwords: readonly string[];
  readonly leaked: readonly LeakedAs[];
  /** In the attackers' lists of pairs: the password there, `undefined` for who is in none. */
  readonly listed: readonly (string | undefined)[];
  readonly listedLeaked: readonly LeakedAs[];
}

export type LeakedAs = 'popular' | 'leaked' | 'no';

/** Cumulative shares of the ranks, P(r) ~ r^-0.8. */
const headCumulative = ((): Float64Array => {
  const sums = new Float64Array(headRanks);
  let sum = 0;
  for (let rank = 0; rank < headRanks; rank += 1) sums[rank] = sum += (rank + 1) ** -headExponent;
  return sums.map((value) => value / sum);
})();

/** The password of a rank drawn by its popularity; rank 1 is the most popular. */
export function popularPassword(next: Stream): string {
  const share = next();
  let low = 0;
  let high = headRanks - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((headCumulative[middle] as number) < share) low = middle + 1;
    else high = middle;
  }
  return popularOfRank(low + 1);
}

export function popularOfRank(rank: number): string {
  return `popular${rank}`;
}

/** Rank of a popular password, 0 for any other. */
export function rankOf(passwordId: string): number {
  return passwordId.startsWith('popular') ? Number(passwordId.slice('popular'.length)) : 0;
}

/** The users of a seed. The same for every policy and every attacker. */
export function makePopulation(scenario: Scenario, seed: number): Population {
  const { accounts } = scenario;
  const users = Array.from({ length: accounts }, (_, user) => user);
  const passwords = passwordsOf(accounts, seed);
  const networks = networksOf(scenario, seed);
  const activity = stream('activity', seed);
  const devices = stream('devices', seed);
  const factors = stream('factors', seed);
  return {
    accounts,
    names: users.map((user) => `user${user}@example.test`),
    ids: users.map((user) => `account${user}`),
    rates: Float64Array.from(users, () => rateOf(activity())),
    devices: Uint8Array.from(users, () => 1 + (devices() < 0.55 ? 1 : 0) + (devices() < 0.2 ? 1 : 0)),
    secondFactor: Uint8Array.from(users, () => (factors() < 0.1 ? 1 : 0)),
    ...networks,
    ...passwords,
  };
}

function rateOf(share: number): number {
  if (share < 0.15) return 1;
  if (share < 0.4) return 0.4;
  return share < 0.7 ? 0.14 : 0.033;
}

function passwordsOf(accounts: number, seed: number): Pick<Population, 'passwords' | 'leaked' | 'listed' | 'listedLeaked'> {
  const next = stream('passwords', seed);
  const lists = stream('lists', seed);
  const passwords: string[] = [];
  const leaked: LeakedAs[] = [];
  const listed: (string | undefined)[] = [];
  const listedLeaked: LeakedAs[] = [];
  for (let user = 0; user < accounts; user += 1) {
    const own = next() < headShare ? popularPassword(next) : `own${user}`;
    const isListed = lists() < 0.4;
    const matches = lists() < 0.069;
    const covered = lists() < 0.85;
    const old = lists() < headShare ? popularPassword(lists) : `old${user}`;
    const there = isListed ? (matches ? own : old) : undefined;
    const ofListed = leakedAs(there ?? '', covered);
    const known = next() < 0.22;
    passwords.push(own);
    listed.push(there);
    listedLeaked.push(ofListed);
    leaked.push(isListed && matches ? ofListed : leakedAs(own, known));
  }
  return { passwords, leaked, listed, listedLeaked };
}

/** The popular ones are all on the list; of the others those that are known to it. */
export function leakedAs(passwordId: string, known: boolean): LeakedAs {
  if (rankOf(passwordId) > 0) return 'popular';
  return known ? 'leaked' : 'no';
}

function networksOf({ accounts, cgnat }: Scenario, seed: number): Pick<Population, 'homes' | 'homePlaces' | 'offices' | 'mobile'> {
  const next = stream('networks', seed);
  const homes: string[] = [];
  const homePlaces: Place[] = [];
  const mobile = new Uint8Array(accounts);
  for (let user = 0; user < accounts; user += 1) {
    const place: Place = next() < 0.3 ? 'home-ipv6' : next() < cgnat ? 'cgnat' : 'home';
    homePlaces.push(place);
    homes.push(place === 'home-ipv6' ? homeV6(next) : place === 'cgnat' ? cgnatHome(next) : homeV4(next));
    mobile[user] = next() < 0.6 ? 1 : 0;
  }
  return { homes, homePlaces, offices: officesOf(accounts, stream('offices', seed)), mobile };
}

/** 30 % of the users, in offices of a Pareto(5, 0.9) size up to 200, each behind one address. */
function officesOf(accounts: number, next: Stream): readonly (string | undefined)[] {
  const offices: (string | undefined)[] = new Array<string | undefined>(accounts).fill(undefined);
  const workers = [];
  for (let user = 0; user < accounts; user += 1) if (next() < 0.3) workers.push(user);
  let office = 0;
  let left = 0;
  while (workers.length > 0) {
    if (left === 0) {
      left = Math.min(200, Math.floor(5 * (1 - next()) ** (-1 / 0.9)));
      office += 1;
    }
    const [worker] = workers.splice(below(next, workers.length), 1);
    offices[worker as number] = officeV4(office);
    left -= 1;
  }
  return offices;
}
