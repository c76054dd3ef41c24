import { foreignV4, mobileV4, mobileV6, type Place } from './addresses.ts';
import { leakedAs, popularPassword, type LeakedAs, type Population } from './population.ts';
import { below, poisson, stream, type Stream } from './random.ts';
import { dayMs, hourMs, startMs, type Scenario } from './scenario.ts';

/** A password that is typed and is not the account's. */
export interface WrongTry {
  /** The user whose name was typed; -1 for a name that nobody has. */
  readonly user: number;
  readonly name: string;
  readonly passwordId: string;
  readonly leaked: LeakedAs;
}

/** One visit of a user who wants to sign in. Everything that chance decides about it is decided here, before any policy is asked. */
export interface Session {
  readonly atMs: number;
  readonly user: number;
  /** Of the user's devices; -1 for a new browser that is never used again. */
  readonly device: number;
  /** Whether the device's cookies were cleared before. */
  readonly cleared: boolean;
  readonly browserId: string;
  readonly address: string;
  readonly place: Place;
  /** What is typed before the right password. */
  readonly wrong: readonly WrongTry[];
  /** Whether the user gives up after the wrong ones, and replaces the password by mail. */
  readonly resets: boolean;
  /** Whether an old client of the user begins to try a stale password now: every 5 minutes, 288 times. */
  readonly stale: boolean;
  /** Whether a step-up would be passed. */
  readonly passes: boolean;
  /** Whether the user replaces the password when told that it leaked. */
  readonly heeds: boolean;
  /** Whether it is the visit at which a password must be replaced. */
  readonly forced: boolean;
}

export interface SignUp {
  readonly atMs: number;
  readonly name: string;
  readonly address: string;
}

export interface Traffic {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly population: Population;
  /** In the order of time. */
  readonly sessions: readonly Session[];
  readonly signUps: readonly SignUp[];
}

const hours = [0.2, 0.2, 0.2, 0.25, 0.35, 0.5, 0.7, 0.85, 0.95, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0.95, 0.9, 0.75, 0.55, 0.4, 0.25].slice(0, 24);
const hoursTotal = hours.reduce((sum, weight) => sum + weight, 0);

/** A time of day, by the hour profile. */
function timeOfDay(next: Stream): number {
  let left = next() * hoursTotal;
  for (const [hour, weight] of hours.entries()) {
    if (left < weight) return Math.floor((hour + left / weight) * hourMs);
    left -= weight;
  }
  return dayMs - 1;
}

/** All legitimate traffic of a scenario and a seed. It knows of no attacker and no policy. */
export function makeTraffic(scenario: Scenario, seed: number, population: Population): Traffic {
  const { accounts, days, forcedReset } = scenario;
  const sessions: Session[] = [];
  const forced = stream('forced-reset', seed);
  for (let user = 0; user < accounts; user += 1) {
    const next = stream('visits', seed, user);
    const count = poisson(next, (population.rates[user] as number) * days);
    for (let visit = 0; visit < count; visit += 1) {
      const atMs = startMs + below(next, days) * dayMs + timeOfDay(next);
      sessions.push(sessionOf(scenario, population, user, atMs, stream('session', seed, user * 1_000 + visit), false));
    }
    if (forced() >= forcedReset) continue;
    const atMs = startMs + Math.floor(scenario.attackMs / dayMs) * dayMs + timeOfDay(next);
    sessions.push(sessionOf(scenario, population, user, atMs, stream('session', seed, user * 1_000 + 999), true));
  }
  sessions.sort((a, b) => a.atMs - b.atMs || a.user - b.user);
  return { scenario, seed, population, sessions, signUps: signUpsOf(scenario, seed) };
}

function sessionOf(scenario: Scenario, population: Population, user: number, atMs: number, next: Stream, forced: boolean): Session {
  const { device, cleared, browserId } = browserOf(scenario, population, user, atMs, next);
  const { address, place } = addressOf(population, user, next);
  const { wrong, resets } = forced ? forcedTries(population, user) : triesOf(scenario, population, user, atMs, next);
  return {
    atMs, user, device, cleared, browserId, address, place, wrong, resets, forced,
    stale: !forced && next() < 0.0004,
    passes: next() < 0.96,
    heeds: next() < 0.6,
  };
}

/** Of the sessions without a valid cookie four fifths come from a new browser, the others from one that was cleared. */
function browserOf({ cookies }: Scenario, population: Population, user: number, atMs: number, next: Stream): Pick<Session, 'device' | 'cleared' | 'browserId'> {
  const luck = next();
  const fresh = 0.8 * (1 - cookies);
  const device = below(next, population.devices[user] as number);
  if (luck < fresh) return { device: -1, cleared: false, browserId: `new${user}.${atMs}` };
  const cleared = luck < 1 - cookies;
  return { device, cleared, browserId: cleared ? `cleared${user}.${atMs}` : `browser${user}.${device}` };
}

function addressOf(population: Population, user: number, next: Stream): Pick<Session, 'address' | 'place'> {
  const luck = next();
  const office = population.offices[user];
  if (luck < 0.03) return { address: foreignV4(next), place: 'travel' };
  if (population.mobile[user] === 1 && luck < 0.28) {
    return next() < 0.6 ? { address: mobileV4(next), place: 'mobile-cgnat' } : { address: mobileV6(next), place: 'mobile-ipv6' };
  }
  if (office !== undefined && luck >= 0.7) return { address: office, place: 'office' };
  return { address: population.homes[user] as string, place: population.homePlaces[user] as Place };
}

function triesOf({ typos }: Scenario, population: Population, user: number, atMs: number, next: Stream): Pick<Session, 'wrong' | 'resets'> {
  const luck = next();
  const own = { user, name: population.names[user] as string };
  const typo = 0.04 * typos;
  if (luck < typo) {
    const wrong = [];
    do wrong.push({ ...own, passwordId: `typo${user}.${atMs}.${wrong.length}`, leaked: 'no' as const });
    while (next() < 1 / 3);
    return { wrong, resets: false };
  }
  if (luck < typo + 0.03) return { wrong: Array.from({ length: 1 + below(next, 3) }, (_, nth) => ({ ...own, ...otherPassword(user, nth, next) })), resets: next() < 0.25 };
  if (luck < typo + 0.04) return { wrong: [wrongName(population, user, atMs, next)], resets: false };
  return { wrong: [], resets: false };
}

/** A password that the user has elsewhere. */
function otherPassword(user: number, nth: number, next: Stream): Pick<WrongTry, 'passwordId' | 'leaked'> {
  const popular = next() < 0.1;
  const passwordId = popular ? popularPassword(next) : `elsewhere${user}.${nth}`;
  return { passwordId, leaked: leakedAs(passwordId, next() < 0.22) };
}

function wrongName(population: Population, user: number, atMs: number, next: Stream): WrongTry {
  const hit = next() < 0.02 ? below(next, population.accounts) : -1;
  const name = hit < 0 || hit === user ? `nobody${user}.${atMs}@example.test` : (population.names[hit] as string);
  return { user: hit === user ? -1 : hit, name, passwordId: population.passwords[user] as string, leaked: population.leaked[user] as LeakedAs };
}

/** Half of those whose password is to be replaced try the old one first. It no longer opens anything. */
function forcedTries(population: Population, user: number): Pick<Session, 'wrong' | 'resets'> {
  const old: WrongTry = { user, name: population.names[user] as string, passwordId: `former${user}`, leaked: population.leaked[user] as LeakedAs };
  return { wrong: user % 2 === 0 ? [old] : [], resets: true };
}

/** 50 sign-ups a day and 10,000 accounts, each from an address of its own. */
function signUpsOf({ accounts, days }: Scenario, seed: number): readonly SignUp[] {
  const next = stream('sign-ups', seed);
  const count = Math.round((accounts / 200) * days);
  const list = Array.from({ length: count }, (_, one) => ({ atMs: startMs + below(next, days) * dayMs + timeOfDay(next), name: `fresh${one}@example.test`, address: foreignV4(next) }));
  return list.sort((a, b) => a.atMs - b.atMs);
}
