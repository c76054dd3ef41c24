import type { LoginOutcome, ProbeOutcome } from '../policy.ts';
import type { LeakedAs, Population } from '../population.ts';
import type { Scenario } from '../scenario.ts';
import type { Traffic } from '../traffic.ts';

/** One thing an attacker sends. */
export type AttackEvent =
  | {
      readonly as: 'guess';
      readonly address: string;
      /** The user whose name is sent; -1 for a name that nobody has. */
      readonly user: number;
      readonly name: string;
      readonly passwordId: string;
      readonly leaked: LeakedAs;
    }
  /** A sign-in to an account of the attacker's own, whose password is unique and on no list. */
  | { readonly as: 'own'; readonly address: string; readonly name: string; readonly known: boolean }
  | { readonly as: 'probe'; readonly address: string; readonly name: string; readonly exists: boolean };

/** What one attacker sends, in the order of time. Made for one run: it may keep what it learns. */
export interface Attack {
  readonly id: AttackerId;
  /** Of the first and of the last event. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly events: number;
  readonly addresses: number;
  /** Of what was refused openly; 3 where nothing is said. */
  readonly retries?: number;
  atMs(index: number): number;
  event(index: number): AttackEvent;
  /** Whether the attacker will send this password for this user. Absent where no account is to be taken. */
  readonly covers?: (user: number, passwordId: string) => boolean;
  /** Users whom the attack is to lock out. */
  readonly victims?: ReadonlySet<number>;
  readonly answered?: (index: number, outcome: LoginOutcome | ProbeOutcome) => void;
  /** For the flood: shares of sources blocked before that still are; `undefined` before it ended or where none was blocked. */
  readonly stillBlocked?: () => number | undefined;
}

export const attackerIds = ['A1', 'A2', 'A3', 'A4', 'A5', 'A5s', 'A6', 'A6s', 'A6u', 'A6w', 'A7', 'A8', 'A9', 'A10', 'A11'] as const;
export type AttackerId = (typeof attackerIds)[number];

export type MakeAttack = (traffic: Traffic, startMs: number) => Attack;

/** Events at an even rate from `firstMs` on. */
export function evenly(firstMs: number, events: number, overMs: number): Pick<Attack, 'firstMs' | 'lastMs' | 'events' | 'atMs'> {
  const gapMs = overMs / events;
  const atMs = (index: number): number => firstMs + Math.floor(index * gapMs);
  return { firstMs, lastMs: atMs(events - 1), events, atMs };
}

/** The number of things in a world of this size, where 10,000 accounts have `of10k`. At least one. */
export function scaled({ accounts }: Pick<Scenario | Population, 'accounts'>, of10k: number): number {
  return Math.max(1, Math.round((of10k * accounts) / 10_000));
}

/** The users of a list of leaked pairs. */
export function listedUsers(population: Population): readonly number[] {
  return population.listed.flatMap((password, user) => (password === undefined ? [] : [user]));
}

/** A guess at a user of the list of pairs, with the password from there. */
export function listedGuess(population: Population, user: number, address: string): AttackEvent {
  return { as: 'guess', address, user, name: population.names[user] as string, passwordId: population.listed[user] as string, leaked: population.listedLeaked[user] as LeakedAs };
}

export function coversListed(population: Population): (user: number, passwordId: string) => boolean {
  return (user, passwordId) => population.listed[user] === passwordId;
}
