import type { ClientNetwork } from '../../kernel/address.ts';
import type { AccountTries } from './accounts.ts';
import type { Entries, Entry } from './entries.ts';
import type { Minutes } from './minutes.ts';
import type { Origins } from './origins.ts';
import type { Places } from './places.ts';
import { textsOf, type Given, type Subject } from './read-event.ts';
import type { Register } from './register.ts';
import type { Rights } from './rights.ts';
import type { Site } from './site.ts';
import type { Sources, SourceSignal } from './sources.ts';
import type { StrangerShare } from './strangers.ts';
import type { MonitorTime } from './time.ts';

/** What the monitor counts with. */
export interface MonitorParts {
  readonly register: Register;
  readonly sources: Sources;
  readonly accounts: AccountTries;
  readonly places: Places;
  readonly rights: Rights;
  readonly site: Site;
  readonly strangers: StrangerShare;
  readonly entries: Entries;
  readonly minutes: Minutes;
  readonly origins: Origins;
  /** A mark that nothing else has: counts events where others count names. */
  readonly nextMark: () => number;
}

export interface Seen {
  readonly event: Given;
  readonly subject: Subject;
  readonly now: MonitorTime;
}

export type Handler = (parts: MonitorParts, seen: Seen) => void;

/** Signs at which somebody types a name or a password: where none of them has an address, the app is set up wrong. */
function noteAddress({ site }: MonitorParts, { subject, now }: Seen): void {
  if (subject.network === undefined) site.noAddress(now);
}

function signInFailed(parts: MonitorParts, seen: Seen): void {
  const { minutes, sources, accounts, rights, site } = parts;
  const { event, subject, now } = seen;
  const { reason, knownDevice, repeated } = event;
  minutes.count('attempts', now.monotonicMs);
  minutes.count('failures', now.monotonicMs);
  noteAddress(parts, seen);
  if (reason === 'breached-password' && knownDevice !== true) {
    rights.asked(subject, 'leaked', now);
    site.rightPassword(subject, true, now);
  }
  // Right, and nobody could be asked for more.
  if (reason === 'suspicious') rights.asked(subject, 'mailed-link', now);
  if (knownDevice === true || (reason !== 'unknown-account' && reason !== 'wrong-password' && reason !== 'refused-network' && reason !== 'too-many-failures')) return;
  site.failed(now);
  if (textsOf(event['reasons']).includes('sprayed-password')) site.sprayed(subject, now);
  const named = subject.mark !== undefined && sources.count(subject, reason === 'unknown-account' ? ['failed', 'unknown'] : ['failed', 'existing'], now);
  // What a network does to many accounts is one attack, and not one at each of them.
  if (!named && reason !== 'unknown-account') accounts.count(subject, 'failures', repetitionOf(reason, repeated), now);
}

/** A wrong password that nobody looked at is not remembered: each try of a program with an old one seems to be a new guess. */
function repetitionOf(reason: unknown, repeated: unknown): boolean | undefined {
  if (typeof repeated !== 'boolean' || (reason === 'refused-network' && !repeated)) return undefined;
  return repeated;
}

function signInSucceeded(parts: MonitorParts, seen: Seen): void {
  const { minutes, strangers, accounts, sources, entries, register } = parts;
  const { event, subject, now } = seen;
  const { network, accountId, accountMark } = subject;
  const proofs = textsOf(event['proofs']);
  const known = event['knownDevice'] === true;
  // Of one with two proofs the first has been counted.
  if (proofs.length < 2) minutes.count('attempts', now.monotonicMs);
  noteAddress(parts, seen);
  if (accountId === undefined || accountMark === undefined) return;
  strangers.count(known, accountMark, now.monotonicMs);
  accounts.entered(accountId, network);
  sources.takeBack(network, ['failed', 'existing'], subject.mark);
  const account = Object.freeze({ accountId, atMs: now.wallMs, source: network?.key ?? 'unknown', knownDevice: known, passwordOnly: proofs.length === 1 && proofs[0] === 'password' });
  const entry: Entry = { account, mark: accountMark, rollUp: network?.rollUp ?? 'unknown', monotonicMs: now.monotonicMs };
  entries.add(entry);
  register.entered(entry);
  if (network !== undefined) enteredFrom(parts, { network, seen, more: proofs.some((proof) => proof !== 'password'), entry });
}

/** What a sign-in says of the network that it came from. More than a password is the owner; a password alone may be a thief. */
function enteredFrom({ places, site, rights }: MonitorParts, { network, seen: { subject, now }, more, entry }: { readonly network: ClientNetwork; readonly seen: Seen; readonly more: boolean; readonly entry: Entry }): void {
  const { account, mark: accountMark } = entry;
  if (more) places.removeRight(network.key, accountMark);
  if (account.knownDevice) {
    for (const key of new Set([network.key, network.rollUp])) places.addKnown(key, accountMark, now.monotonicMs);
  } else if (account.passwordOnly) {
    site.rightPassword(subject, false, now);
    rights.entered(subject, entry, now);
  }
}

function signInPending(parts: MonitorParts, seen: Seen): void {
  const { minutes, rights, site } = parts;
  const { event, subject, now } = seen;
  minutes.count('attempts', now.monotonicMs);
  minutes.count('challenges', now.monotonicMs);
  noteAddress(parts, seen);
  const needs = event['needs'] === 'mailed-link' ? 'mailed-link' : 'second-factor';
  rights.asked(subject, needs, now);
  site.rightPassword(subject, false, now);
}

/** By the name of the limiter: what was refused would have been one more of these. Else one probe a second is invisible behind ten an hour. */
const refusedSignals: Readonly<Record<string, SourceSignal>> = Object.freeze({ 'sign-in': 'failed', 'sign-up': 'signUps', mail: 'forgot' });

function limiterRefused(parts: MonitorParts, seen: Seen): void {
  const { minutes, sources, accounts } = parts;
  const { event, subject, now } = seen;
  const { limiter, rule } = event;
  minutes.count('refused', now.monotonicMs);
  if (rule === 'noAddress') noteAddress(parts, seen);
  if (typeof limiter !== 'string' || rule === 'device') return;
  if (limiter === 'code' || limiter === 'second-factor') guess(parts, seen, 'tokens');
  else if (Object.hasOwn(refusedSignals, limiter)) {
    const named = sources.count(subject, [refusedSignals[limiter] as SourceSignal], now);
    if (!named && limiter === 'sign-in') accounts.refused(subject, now);
  }
}

function guess({ sources, accounts, nextMark }: MonitorParts, { subject, now }: Seen, signal: 'tokens' | 'codes'): void {
  const taken = sources.count({ ...subject, mark: nextMark() }, [signal], now);
  if (!taken) accounts.count(subject, signal, false, now);
}

/** What somebody guesses at, and not what has merely run out or belongs to another browser. */
const guessReasons: readonly unknown[] = Object.freeze(['unknown-token', 'wrong-code', 'too-many-tries']);

function tokenFailed(parts: MonitorParts, seen: Seen): void {
  if (guessReasons.includes(seen.event['reason'])) guess(parts, seen, 'tokens');
}

function secondFactorFailed(parts: MonitorParts, seen: Seen): void {
  const { method } = seen.event;
  // Enrolling one's own is no guess, and without anything pending there is nothing to guess at.
  if (method === 'none' || seen.event['flow'] === 'confirm-factor') return;
  guess(parts, seen, method === 'recovery-code' ? 'codes' : 'tokens');
}

function signUpRequested(parts: MonitorParts, seen: Seen): void {
  const { minutes, sources, site, origins } = parts;
  const { event, subject, now } = seen;
  origins.note('signUps', subject.mark, subject.network);
  minutes.count('signUps', now.monotonicMs);
  noteAddress(parts, seen);
  // What one network does is an alarm of that network.
  const named = sources.count(subject, ['signUps'], now);
  if (!named && event['outcome'] === 'pending') site.signUp(subject, now);
}

function signUpConfirmed({ sources, places, origins }: MonitorParts, { subject, now }: Seen): void {
  const { network, mark, accountMark } = subject;
  for (const each of [network, origins.find('signUps', mark)]) sources.takeBack(each, ['signUps'], mark);
  sources.count(subject, ['confirmed'], now);
  if (network !== undefined && accountMark !== undefined) places.addBorn(network.key, accountMark, now.monotonicMs);
}

function resetRequested(parts: MonitorParts, seen: Seen): void {
  const { minutes, sources } = parts;
  const { subject, now } = seen;
  minutes.count('resets', now.monotonicMs);
  noteAddress(parts, seen);
  // By the account, where there is one: its completion names no other.
  const mark = subject.accountMark ?? subject.mark;
  parts.origins.note('forgot', mark, subject.network);
  sources.count({ ...subject, mark }, ['forgot'], now);
}

function resetSucceeded({ sources, places, origins }: MonitorParts, { subject }: Seen): void {
  const { network, mark, accountMark } = subject;
  for (const each of [network, origins.find('forgot', accountMark)]) {
    sources.takeBack(each, ['forgot'], accountMark);
    sources.takeBack(each, ['failed', 'existing'], mark);
  }
  if (network !== undefined && accountMark !== undefined) places.removeRight(network.key, accountMark);
}

/** By the form: what is refused there is one more name looked at, as with a limiter. */
const closedForms: Readonly<Record<string, SourceSignal>> = Object.freeze({ 'sign-up': 'signUps', 'resend-confirmation': 'forgot', 'forgot-password': 'forgot' });

function guardDecided({ minutes, site, accounts, sources }: MonitorParts, { event, subject, now }: Seen): void {
  const reasons = textsOf(event['reasons']);
  if (event['verdict'] === 'refuse') {
    minutes.count('refused', now.monotonicMs);
    const { flow } = event;
    sources.count(subject, [typeof flow === 'string' && Object.hasOwn(closedForms, flow) ? (closedForms[flow] as SourceSignal) : 'failed'], now);
  }
  if (reasons.includes('sprayed-password')) site.sprayed(subject, now);
  if (reasons.includes('account')) accounts.guessed(subject, now);
  if (reasons.includes('surge')) site.stillSurging(subject, now);
}

function guardSurge({ site }: MonitorParts, { event, now }: Seen): void {
  const { state, test } = event;
  if ((state !== 'began' && state !== 'ended') || (test !== 'fast' && test !== 'slow')) return;
  site.surge(state === 'began', test, now);
}

/** What the monitor reads. Every other event costs it one look here. */
export const handlers: ReadonlyMap<unknown, Handler> = new Map<unknown, Handler>([
  ['sign-in.failed', signInFailed],
  ['sign-in.succeeded', signInSucceeded],
  ['sign-in.pending', signInPending],
  ['limiter.refused', limiterRefused],
  ['sign-up.requested', signUpRequested],
  ['sign-up.confirmed', signUpConfirmed],
  ['sign-up.failed', tokenFailed],
  ['password-reset.requested', resetRequested],
  ['password-reset.succeeded', resetSucceeded],
  ['password-reset.failed', tokenFailed],
  ['challenge.failed', tokenFailed],
  ['email-change.failed', tokenFailed],
  ['second-factor.failed', secondFactorFailed],
  ['password.closed-to-strangers', ({ accounts }, { subject, now }) => { if (subject.accountId !== undefined) accounts.closed(subject.accountId, now); }],
  ['login-guard.decided', guardDecided],
  ['login-guard.surge', guardSurge],
]);
