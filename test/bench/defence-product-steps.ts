import { datacenterV4, foreignV4, homeV4, mobileV4, mobileV6 } from '../../bench/defence/addresses.ts';
import type { Probe } from '../../bench/defence/policy.ts';
import { makePopulation, popularPassword, type Population } from '../../bench/defence/population.ts';
import { below, stream, type Stream } from '../../bench/defence/random.ts';
import { dayMs, hourMs, minuteMs, standard, startMs } from '../../bench/defence/scenario.ts';

/** One request, without what only a run can say of it. */
export interface Step {
  readonly atMs: number;
  /** Which part of the list it is of. */
  readonly part: string;
  /** -1: a name that nobody has. */
  readonly user: number;
  readonly name: string;
  /** `undefined`: what the account's password is by then. */
  readonly typed?: string | undefined;
  /** One that comes again keeps its cookies. `undefined`: a program without cookies. */
  readonly browser: string | undefined;
  readonly address: string;
  /** Whether what is asked for is given, and what is mailed answered. */
  readonly answers: boolean;
  readonly form?: Probe['flow'];
  /** Passwords that are on the list of leaked ones from now on. */
  readonly leaks?: readonly string[];
}

/** Six hours: in each of them a known browser counts once. */
const spanMs = 6 * hourMs;
const users = 130;
/** Those of the last part of the attack, whom nobody else is to disturb. */
const sprayedUser = 0;
const guessedUser = 1;
const manyFailuresUser = 2;
const firstOrdinary = 3;
/** From here on people who never come, whose passwords are in every leak. */
const firstDormant = 118;

export interface Steps {
  readonly population: Population;
  readonly steps: readonly Step[];
}

interface Maker {
  readonly population: Population;
  readonly next: Stream;
  /** Who has replaced a password, and in which browser. The product forgets the places of an account then, and the simulator does not. */
  readonly replaced: Map<number, string>;
  /** That knows its user by now. */
  readonly browserOf: (user: number) => string;
  readonly add: (step: Omit<Step, 'name'> & { readonly name?: string }) => void;
}

/** Six days of a small site: it moves in, has two days in peace, is attacked in every way on the fourth, and calms down. */
export function makeSteps(seed: number): Steps {
  const plain = makePopulation({ ...standard, accounts: users }, seed);
  // The three have passwords of their own, and no second factor.
  const own = (user: number, otherwise: string): string => (user < firstOrdinary ? `own${user}` : otherwise);
  const population: Population = {
    ...plain,
    passwords: plain.passwords.map((password, user) => own(user, password)),
    leaked: plain.leaked.map((leaked, user) => (user < firstOrdinary ? 'no' : user < firstDormant ? leaked : 'leaked')),
    secondFactor: plain.secondFactor.map((factor, user) => (user < firstOrdinary || user >= firstDormant ? 0 : factor)),
  };
  const steps: Step[] = [];
  const replaced = new Map<number, string>();
  const maker: Maker = { population, next: stream('differential', seed), replaced, browserOf: (user) => replaced.get(user) ?? `browser${user}`, add: (step) => steps.push({ ...step, name: step.name ?? (population.names[step.user] as string) }) };
  moveIn(maker);
  for (let span = 1; span < 12; span += 1) ordinary(maker, span);
  leaksInPeace(maker);
  attackedMorning(maker);
  for (const span of [13, 14, 15, 17, 18, 19, 20, 21, 23]) ordinary(maker, span, span === 13 ? inSurge : () => false);
  surgeOf(maker, startMs + 3 * dayMs + 6.2 * hourMs);
  formsOf(maker, startMs + 3 * dayMs + 12.3 * hourMs);
  afterwards(maker, startMs + 4 * dayMs + 1 * hourMs);
  return { population, steps: inOrder(steps) };
}

/** One after another: what is asked for is given before the next one comes. */
function inOrder(steps: readonly Step[]): readonly Step[] {
  let freeMs = 0;
  return steps.toSorted((a, b) => a.atMs - b.atMs).map((step) => {
    const atMs = Math.max(Math.ceil(step.atMs), freeMs);
    freeMs = atMs + (step.answers ? 6_000 : 1_000);
    return { ...step, atMs };
  });
}

/** Everybody signs in for the first time, from home. One in eight mistypes before. */
function moveIn(maker: Maker): void {
  const { population, next, add } = maker;
  for (let user = 0; user < firstDormant; user += 1) {
    const atMs = startMs + 10 * minuteMs + user * 2 * minuteMs;
    const from = { part: 'first sign-ins', user, browser: maker.browserOf(user), address: population.homes[user] as string };
    if (next() < 0.12) add({ ...from, atMs: atMs - 20_000, typed: `typo${user}`, answers: false });
    add({ ...from, atMs, answers: true });
  }
}

/**
 * Six hours in peace. Of each user at most one kind of visit, since the simulator counts a known browser and the product an account: whoever
 * came as a stranger is not seen again in these hours.
 */
function ordinary(maker: Maker, span: number, isBusy: (user: number) => boolean = () => false): void {
  const { next, add } = maker;
  for (let user = 0; user < firstDormant; user += 1) {
    if (isBusy(user)) continue;
    const atMs = startMs + span * spanMs + 6 * minuteMs + below(next, spanMs - 30 * minuteMs);
    const luck = next();
    const known = { part: 'known browsers', user, atMs, browser: maker.browserOf(user), address: placeOf(maker, user) };
    if (luck < 0.48) visits(maker, known);
    else if (luck < 0.54) strangers(maker, known, { luck, span });
    else if (luck < 0.56) add({ ...known, part: 'sign-ups', user: -1, name: `fresh${user}.${span}@example.test`, browser: `fresh${user}.${span}`, address: foreignV4(next), form: 'sign-up', answers: next() < 0.8 });
  }
}

/** Whoever comes in another way than by a known browser. */
function strangers(maker: Maker, known: Omit<Step, 'answers' | 'name'>, { luck, span }: { readonly luck: number; readonly span: number }): void {
  const { population, replaced, add } = maker;
  const { user, atMs } = known;
  // After the attack nobody fails, so that the surge can end.
  if (span > 13) return;
  if (luck < 0.52) {
    if (span < 12 || !replaced.has(user)) stranger(maker, { ...known, part: 'new browsers', browser: `new${user}.${span}` });
  } else if (luck < 0.53 && user >= firstOrdinary && span < 12) {
    replaced.set(user, `reset${user}.${span}`);
    const reset = { ...known, part: 'forgotten passwords', browser: maker.browserOf(user), address: population.homes[user] as string, answers: true };
    add({ ...reset, form: 'forgot' });
    add({ ...reset, atMs: atMs + 2 * minuteMs });
  } else {
    add({ ...known, part: 'nobody', user: -1, name: `nobody${user}.${span}@example.test`, typed: population.passwords[user], browser: `lost${user}.${span}`, answers: false });
  }
}

/** With a second factor, the simulator takes a known browser for in before it is given. */
function hasFactor({ population }: Maker, user: number): boolean {
  return population.secondFactor[user] === 1;
}

function visits(maker: Maker, known: Omit<Step, 'answers' | 'name'>): void {
  const { next, add } = maker;
  if (hasFactor(maker, known.user)) return;
  const luck = next();
  if (luck < 0.06) add({ ...known, atMs: known.atMs - 15_000, part: 'known browsers that mistype', typed: `typo${known.user}.${known.atMs}`, answers: false });
  // More often than their own budget allows: from then on it is the one of strangers.
  if (luck > 0.994) for (let time = 0; time < 12; time += 1) add({ ...known, atMs: known.atMs + time * minuteMs, part: 'known browsers out of budget', typed: `stale${known.user}`, answers: false });
  else add({ ...known, answers: true });
  if (luck > 0.9 && luck < 0.994) add({ ...known, atMs: known.atMs + 12 * minuteMs, part: 'known browsers that come again', answers: true });
}

/** In a new browser, at home or away; every third mistypes before, and every fourth of those leaves it at that. */
function stranger({ next, add }: Maker, from: Omit<Step, 'answers' | 'name'>): void {
  const luck = next();
  if (luck < 0.35) add({ ...from, atMs: from.atMs - 20_000, part: 'strangers that mistype', typed: `typo${from.user}.${from.atMs}`, answers: false });
  if (luck < 0.08) return;
  add({ ...from, answers: true });
}

function placeOf({ population, next }: Maker, user: number): string {
  const luck = next();
  if (luck < 0.05) return foreignV4(next);
  if (luck < 0.12) return mobileV4(next);
  if (luck < 0.16) return mobileV6(next);
  return luck < 0.4 ? (population.offices[user] ?? (population.homes[user] as string)) : (population.homes[user] as string);
}

/** A list of names and passwords, as it is sold: names nobody has, old passwords, some that are right, some on every list. */
function fromList(maker: Maker, nth: number, { nobody = true, factors = true } = {}): Pick<Step, 'user' | 'name' | 'typed'> {
  const { population, next } = maker;
  const luck = next();
  if (luck < 0.2 && nobody) return { user: -1, name: `former${nth}@example.test`, typed: `old${nth}` };
  const drawn = firstOrdinary + below(next, firstDormant - firstOrdinary);
  const user = factors ? drawn : knownUser(maker, drawn);
  const typed = luck < 0.42 ? undefined : luck < 0.55 ? popularPassword(next) : `old${user}`;
  return { user, name: population.names[user] as string, typed };
}

/** Right passwords of a leak, one from each address, while nothing else speaks against them. */
function leaksInPeace({ next, add }: Maker): void {
  for (let user = firstDormant; user < users; user += 1) add({ part: 'leaked passwords in peace', user, atMs: startMs + 2 * dayMs + 13 * hourMs + user * 2 * minuteMs, browser: undefined, address: foreignV4(next), answers: false });
}

/** The night and the morning of the fourth day, before the surge: one network after the other, one name, one password. */
function attackedMorning(maker: Maker): void {
  const { population, next, add } = maker;
  const nightMs = startMs + 3 * dayMs + 10 * minuteMs;
  // One address with a list, as fast as it may, then faster.
  for (let nth = 0; nth < 75; nth += 1) add({ part: 'stuffing from one address', ...fromList(maker, nth, { nobody: nth < 36, factors: false }), atMs: nightMs + nth * 7_000, browser: undefined, address: datacenterV4(0), answers: false });
  for (let nth = 0; nth < 24; nth += 1) add({ part: 'faster than the limits', ...fromList(maker, 100 + nth, { factors: false }), atMs: nightMs + 20 * minuteMs + nth * 2_500, browser: undefined, address: datacenterV4(40), answers: false });
  // From the same network: an owner as a stranger, who is not looked at, one in a known browser, and then again the stranger.
  const shared = { part: 'people behind a network that is refused', address: datacenterV4(0) };
  add({ ...shared, user: 20, atMs: nightMs + 30 * minuteMs, browser: 'guest20', answers: false });
  add({ ...shared, user: 21, atMs: nightMs + 32 * minuteMs, browser: undefined, form: 'forgot', answers: false });
  add({ ...shared, user: knownUser(maker, 22), atMs: nightMs + 34 * minuteMs, browser: maker.browserOf(knownUser(maker, 22)), answers: false });
  for (const user of [23, 24, 25, 26]) add({ ...shared, user, atMs: nightMs + 36 * minuteMs + user * minuteMs, browser: `guest${user}`, answers: user < 25 });
  // One password at nine names, and then at its own.
  for (let nth = 0; nth < 9; nth += 1) add({ part: 'a sprayed password', user: 30 + nth, typed: population.passwords[sprayedUser], atMs: nightMs + 80 * minuteMs + nth * 40_000, browser: undefined, address: datacenterV4(50 + nth * 5), answers: false });
  add({ part: 'a sprayed password', user: sprayedUser, atMs: nightMs + 90 * minuteMs, browser: 'newSprayed', address: population.homes[sprayedUser] as string, answers: true });
  // What has an old password, and tries it more often than the name may be tried.
  for (let nth = 0; nth < 12; nth += 1) add({ part: 'a program with an old password', user: 27, typed: 'stale27', atMs: nightMs + 95 * minuteMs + nth * 20_000, browser: undefined, address: population.homes[27] as string, answers: false });
  // Guesses at one account: the same one four times, thirteen others, and then the owner.
  for (let nth = 0; nth < 17; nth += 1) add({ part: 'guesses at one account', user: guessedUser, typed: nth < 4 ? 'guess' : `guess${nth}`, atMs: nightMs + 100 * minuteMs + nth * 70_000, browser: undefined, address: homeV4(next), answers: false });
  add({ part: 'guesses at one account', user: guessedUser, atMs: nightMs + 125 * minuteMs, browser: 'newGuessed', address: population.homes[guessedUser] as string, answers: true });
  // Nearly so many in a row that the password is closed to strangers.
  for (let nth = 0; nth < 48; nth += 1) add({ part: 'failures in a row', user: manyFailuresUser, typed: `row${nth}`, atMs: nightMs + 140 * minuteMs + nth * 62_000, browser: undefined, address: foreignV4(next), answers: false });
  add({ part: 'failures in a row', user: manyFailuresUser, atMs: nightMs + 195 * minuteMs, browser: 'newMany', address: population.homes[manyFailuresUser] as string, answers: true });
}

/** The first from there on without a second factor. */
function knownUser(maker: Maker, from: number): number {
  return hasFactor(maker, from) ? knownUser(maker, (from + 1) % firstDormant) : from;
}

function inSurge(user: number): boolean {
  return user >= 40 && user < 96;
}

/** The one beside it, where that is of the same neighborhood. */
function neighborOf(address: string): string {
  return address.replace(/\.(\d+)$/, (_, host: string) => `.${(Number(host) % 254) + 1}`);
}

/** From many addresses, some of them twice, while people come and go. */
function surgeOf(maker: Maker, fromMs: number): void {
  const { population, next, add, replaced } = maker;
  for (let nth = 0; nth < 150; nth += 1) add({ part: 'stuffing from many addresses', ...fromList(maker, 200 + nth), atMs: fromMs + nth * 80_000, browser: undefined, address: nth % 5 === 0 ? datacenterV4(300 + nth) : foreignV4(next), answers: false });
  for (let user = 40; user < 90; user += 1) {
    const visit = { user, atMs: fromMs + 30 * minuteMs + (user - 40) * 3 * minuteMs + below(next, minuteMs), answers: true };
    // Whose password is on a list is not here to replace it: that ends the places of an account, which the simulator keeps.
    const isOwn = population.leaked[user] === 'no';
    if (user % 3 === 0 && !hasFactor(maker, user)) add({ ...visit, part: 'known browsers in a surge', browser: maker.browserOf(user), address: placeOf(maker, user) });
    else if (replaced.has(user)) continue;
    else if (user % 3 === 1) add({ ...visit, part: 'at home in a surge', browser: `surge${user}`, address: neighborOf(population.homes[user] as string), answers: isOwn });
    else add({ ...visit, part: 'away in a surge', browser: `away${user}`, address: next() < 0.5 ? foreignV4(next) : mobileV6(next), answers: isOwn });
  }
}

/** Strangers at the two forms, of one address beyond what the limits allow and of one that is refused then. */
function formsOf({ population, add }: Maker, fromMs: number): void {
  for (let nth = 0; nth < 60; nth += 1) {
    const user = nth % 3 === 0 ? -1 : firstOrdinary + ((nth * 7) % (firstDormant - firstOrdinary));
    add({ part: 'names tried at the forms', user, name: user < 0 ? `looked${nth}@example.test` : (population.names[user] as string), atMs: fromMs + nth * 65_000, browser: undefined, address: nth < 50 ? datacenterV4(80) : datacenterV4(81), form: nth % 4 === 0 ? 'sign-up' : 'forgot', answers: false });
  }
  // What is refused uses up no mails of the name: its owner asks elsewhere.
  for (let nth = 0; nth < 5; nth += 1) add({ part: 'a name tried at a form that is closed', user: 106, atMs: fromMs + 62 * minuteMs + nth * 65_000, browser: undefined, address: nth < 4 ? datacenterV4(80) : (population.homes[106] as string), form: 'forgot', answers: false });
  for (const user of [100, 101]) add({ part: 'names tried at the forms', user, atMs: fromMs + 70 * minuteMs + user * minuteMs, browser: `late${user}`, address: datacenterV4(80), answers: false });
}

/** A day later and two: what was counted has faded. */
function afterwards(maker: Maker, fromMs: number): void {
  const { population, next, add } = maker;
  for (const [nth, user] of [20, 21, 23, 24, 102, 103, 104, 105].entries()) add({ part: 'when it has faded', user, atMs: fromMs + (nth % 2) * 1.5 * dayMs + nth * 2 * minuteMs, browser: `after${user}`, address: datacenterV4(nth < 4 ? 0 : 80), answers: true });
  for (let nth = 0; nth < 8; nth += 1) add({ part: 'right passwords one after the other', user: manyFailuresUser, atMs: fromMs + 90 * minuteMs + nth * 20_000, browser: `row${nth}`, address: population.homes[manyFailuresUser] as string, answers: true });
  for (const [nth, user] of [sprayedUser, guessedUser].entries()) add({ part: 'when it has faded', user, atMs: fromMs + 30 * minuteMs + nth * minuteMs, browser: `later${user}`, address: foreignV4(next), answers: true });
}
