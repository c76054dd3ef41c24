import { places, type Place } from './addresses.ts';
import type { Session } from './traffic.ts';

/** What happened to sessions of ordinary users, as counts. */
export interface Harm {
  sessions: number;
  /** The right password was denied at its first try. */
  denied: number;
  /** Not signed in after all retries. */
  failed: number;
  /** A step-up was asked for that the account does not have anyway. */
  stepUps: number;
}

export const groups = ['all', ...places, 'stranger', 'known'] as const;
export type Group = (typeof groups)[number];

export type HarmByGroup = Readonly<Record<Group, Harm>>;

/** How a session ended. */
export interface SessionEnd {
  readonly session: Session;
  /** Whether the browser had a valid cookie of the account. */
  readonly known: boolean;
  readonly denied: boolean;
  readonly failed: boolean;
  readonly stepUp: boolean;
}

/** Counts ended sessions over the whole run, inside the window of the attack, and of the attack's victims. */
export interface Tally {
  ended(end: SessionEnd): void;
  readonly overall: HarmByGroup;
  readonly inWindow: HarmByGroup;
  readonly victims: HarmByGroup;
  /** Of the users that came at all: who had a session of that kind. */
  users(): Readonly<{ came: number; denied: number; failed: number; stepUps: number }>;
  signUpsDenied: number;
  /** Passwords that their owners replaced because the policy told them to, or let them no further. */
  replaced: number;
}

export interface TallyOptions {
  readonly accounts: number;
  readonly window: { readonly fromMs: number; readonly toMs: number } | undefined;
  readonly victims: ReadonlySet<number>;
}

const came = 1;
const wasDenied = 2;
const hadFailed = 4;
const steppedUp = 8;

export function makeTally({ accounts, window, victims }: TallyOptions): Tally {
  const marks = new Uint8Array(accounts);
  const overall = emptyHarm();
  const inWindow = emptyHarm();
  const ofVictims = emptyHarm();
  return {
    overall,
    inWindow,
    victims: ofVictims,
    signUpsDenied: 0,
    replaced: 0,
    ended(end) {
      const { user, atMs } = end.session;
      marks[user] = (marks[user] as number) | came | (end.denied ? wasDenied : 0) | (end.failed ? hadFailed : 0) | (end.stepUp ? steppedUp : 0);
      add(overall, end);
      if (window === undefined || atMs < window.fromMs || atMs >= window.toMs) return;
      add(inWindow, end);
      if (victims.has(user)) add(ofVictims, end);
    },
    users() {
      const count = (mark: number): number => marks.reduce((sum, set) => sum + ((set & mark) === 0 ? 0 : 1), 0);
      return { came: count(came), denied: count(wasDenied), failed: count(hadFailed), stepUps: count(steppedUp) };
    },
  };
}

function emptyHarm(): HarmByGroup {
  return Object.fromEntries(groups.map((group) => [group, { sessions: 0, denied: 0, failed: 0, stepUps: 0 }])) as HarmByGroup;
}

function add(harm: HarmByGroup, end: SessionEnd): void {
  count(harm.all, end);
  count(harm[end.session.place satisfies Place], end);
  count(end.known ? harm.known : harm.stranger, end);
}

function count(harm: Harm, { denied, failed, stepUp }: SessionEnd): void {
  harm.sessions += 1;
  if (denied) harm.denied += 1;
  if (failed) harm.failed += 1;
  if (stepUp) harm.stepUps += 1;
}

/** A part of the sessions; 0 of none. */
export function shareOf(part: number, { sessions }: Harm): number {
  return sessions === 0 ? 0 : part / sessions;
}
