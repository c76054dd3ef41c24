import type { LimiterDecision } from 'portcullis/limiter';
import type { GuardPass } from 'portcullis/login-guard';
import type { Begun, LoginAttempt, LoginOutcome, Policy, PolicyFactory, Probe, ProbeOutcome } from '../../policy.ts';
import { clientNetwork, neighborhood } from './networks.ts';
import { makePieces, type PieceOptions, type Pieces } from './pieces.ts';
import { redisStores } from './redis-stores.ts';

export interface OurOptions extends PieceOptions {
  readonly name: string;
  /** A list of leaked passwords is asked. */
  readonly list: boolean;
  /** Mails can be sent: without, what would be asked for is refused. */
  readonly stepUp: boolean;
  /** Known browsers are recognized. */
  readonly cookies: boolean;
}

/** Failures in a row of strangers after which a password opens nothing for them (SP 800-63B-4 section 3.2.2). */
const cap = 50;
/** What a network that is refused is told at the forms without a password. */
const refusedForMs = 3_600_000;

/** The pieces of portcullis that a sign-in goes through, in its order, without its user table and its mails. */
export function ours(options: OurOptions): PolicyFactory {
  return (world) => {
    const pieces = makePieces(world, options);
    const begin = (given: LoginAttempt): Promise<Begun> => beginWith(pieces, options, given);
    return {
      name: options.name,
      begin,
      async attempt(given) {
        const begun = await begin(given);
        return typeof begun === 'function' ? begun() : begun;
      },
      finished: (given) => finish(pieces, given),
      probe: (given) => probe(pieces, given),
      passwordChanged(accountId, nowMs) {
        pieces.failures.delete(accountId);
        pieces.proven.delete(accountId);
        pieces.networks.forget(accountId, nowMs);
      },
      alarms: () => pieces.alarms,
      bytes: pieces.stores.bytes,
      ...(pieces.stores.outage !== undefined && { outage: pieces.stores.outage }),
      close() {
        pieces.close();
      },
    } satisfies Policy;
  };
}

/** As it is installed, and what each of its parts is worth. */
export const ourPolicies: readonly (readonly [string, PolicyFactory])[] = [
  { name: 'default', list: false, stepUp: true, cookies: true },
  { name: 'leaked', list: true, stepUp: true, cookies: true },
  { name: 'no-step-up', list: false, stepUp: false, cookies: true },
  { name: 'no-cookies', list: false, stepUp: true, cookies: false },
].map((options) => [options.name, ours(options)]);

/** The same pieces over Redis: every decision is to be the one in memory. */
export const overRedis: readonly (readonly [string, PolicyFactory])[] = [['leaked-redis', ours({ name: 'leaked-redis', list: true, stepUp: true, cookies: true, stores: redisStores })]];

function keysOf(address: string, account: string) {
  return { ...addressKeysOf(address), account };
}

function addressKeysOf(address: string) {
  return address.includes(':') ? { address: clientNetwork(address), site: neighborhood(address) } : { address };
}

async function beginWith(pieces: Pieces, options: OurOptions, given: LoginAttempt): Promise<Begun> {
  const { known, browserId, address, name, accountId, passwordId } = given;
  const own = known && options.cookies && browserId !== undefined ? await pieces.signIn.take({ device: browserId }) : undefined;
  if (own?.ok === true) return () => openKnown(pieces, options, given, own);
  const decision = await pieces.signIn.take(keysOf(address, name));
  if (!decision.ok) {
    pieces.reports.limited('sign-in', given);
    return { as: 'denied', retryAfterMs: decision.retryAfterMs };
  }
  const pass = await pieces.guard.reserve({ address, account: accountId ?? name, exists: accountId !== undefined, password: passwordId, about: { address, nameTag: name, ...(accountId !== undefined && { accountId }) } });
  if (!pass.refused) return () => open(pieces, options, { given, decision, pass });
  await pieces.guard.settle(pass.receipt, 'held');
  pieces.reports.failed(given, accountId === undefined ? 'unknown-account' : 'refused-network', pass);
  return { as: 'denied' };
}

/**
 * A known browser whose password has leaked gets no further without another one: in a session for changing it alone where more than a password has
 * proven the browser, by a mailed link elsewhere.
 */
async function openKnown(pieces: Pieces, { list }: OurOptions, given: LoginAttempt, decision: LimiterDecision & { readonly ok: true }): Promise<LoginOutcome> {
  const { signIn, reports, proven, networks } = pieces;
  const { accountId = '', address, browserId = '', nowMs } = given;
  if (!given.right) {
    reports.failed(given, 'wrong-password');
    return { as: 'wrong' };
  }
  const mustChange = list && given.leaked !== 'no';
  if (mustChange && proven.get(accountId)?.has(browserId) !== true) {
    reports.failed(given, 'breached-password');
    networks.remember(accountId, address, nowMs);
    return { as: 'in', mustChange };
  }
  await signIn.refund(decision);
  if (given.secondFactor) reports.pending(given);
  else await comeBack(pieces, given, { proofs: ['password'], mustChange });
  return { as: 'in', mustChange };
}

/** By a known browser: it is what is usual, but for whoever may change the password alone. */
async function comeBack(pieces: Pieces, given: LoginAttempt, { proofs, mustChange = false }: { readonly proofs: readonly string[]; readonly mustChange?: boolean }): Promise<void> {
  const again = enter(pieces, given, { proofs, known: true, mustChange });
  await pieces.guard.known({ address: given.address, again });
}

interface Stranger {
  readonly given: LoginAttempt;
  readonly decision: LimiterDecision & { readonly ok: true };
  readonly pass: GuardPass;
}

async function open(pieces: Pieces, options: OurOptions, { given, decision, pass }: Stranger): Promise<LoginOutcome> {
  const { guard, reports, failures, waiting, networks, signIn } = pieces;
  const { accountId = '', address, nowMs } = given;
  if (!given.right) {
    reports.failed(given, given.accountId === undefined ? 'unknown-account' : 'wrong-password', pass);
    await guard.settle(pass.receipt, 'failed');
    if (given.accountId !== undefined) countFailure(pieces, accountId);
    return { as: 'wrong' };
  }
  const isClosed = (failures.get(accountId) ?? 0) >= cap;
  const hasLeaked = options.list && given.leaked !== 'no';
  const reason = isClosed ? 'too many failures' : pass.after({ familiar: networks.isFamiliar(accountId, address, nowMs) }).reasons.at(0);
  const asked = hasLeaked && !isClosed ? `${given.leaked} password` : reason;
  if (asked === undefined) return letIn(pieces, given, { decision, pass });
  const needsAnother = isClosed || hasLeaked;
  const canAsk = options.stepUp || given.secondFactor;
  await guard.settle(pass.receipt, 'held');
  if (needsAnother) reports.failed(given, isClosed ? 'too-many-failures' : 'breached-password', pass);
  else if (canAsk) reports.pending(given);
  else reports.failed(given, 'suspicious', pass);
  if (!canAsk) return { as: 'denied' };
  if (given.secondFactor && !needsAnother) await signIn.refund(decision);
  waiting.set(given, pass);
  return { as: 'step-up', reason: asked, mustChange: needsAnother };
}

function countFailure({ failures, reports }: Pieces, accountId: string): void {
  const count = (failures.get(accountId) ?? 0) + 1;
  failures.set(accountId, count);
  if (count === cap) reports.closed(accountId, count);
}

/** A second factor of the account is asked for whatever the evidence says: the receipt waits for it. */
async function letIn(pieces: Pieces, given: LoginAttempt, { decision, pass }: Omit<Stranger, 'given'>): Promise<LoginOutcome> {
  await pieces.signIn.refund(decision);
  await pieces.guard.settle(pass.receipt, given.secondFactor ? 'held' : 'entered');
  if (given.secondFactor) {
    pieces.waiting.set(given, pass);
    pieces.reports.pending(given);
  } else enter(pieces, given, { proofs: ['password'], known: false });
  return { as: 'in' };
}

interface Entry {
  readonly proofs: readonly string[];
  readonly known: boolean;
  readonly mustChange?: boolean;
}

/** Answers whether the account has come in in these hours before. */
function enter({ networks, failures, reports, visits }: Pieces, given: LoginAttempt, { proofs, known, mustChange = false }: Entry): boolean {
  const { accountId = '', address, nowMs } = given;
  reports.entered(given, { known, proofs, stage: mustChange ? 'change-password' : 'full' });
  // The door that strangers have closed opens with another password alone.
  if ((failures.get(accountId) ?? 0) < cap) failures.delete(accountId);
  if (mustChange) return true;
  networks.remember(accountId, address, nowMs);
  return visits.isAgain(given);
}

async function finish(pieces: Pieces, given: LoginAttempt): Promise<void> {
  const { accountId = '', browserId } = given;
  const pass = pieces.waiting.get(given);
  pieces.waiting.delete(given);
  const proofs = ['password', given.secondFactor ? 'totp' : 'mailed-link'];
  if (pass === undefined) await comeBack(pieces, given, { proofs });
  else {
    await pieces.guard.settle(pass.receipt, 'entered');
    enter(pieces, given, { proofs, known: false });
  }
  if (browserId !== undefined) pieces.proven.set(accountId, (pieces.proven.get(accountId) ?? new Set()).add(browserId));
}

async function probe(pieces: Pieces, given: Probe): Promise<ProbeOutcome> {
  const { address, name, completed } = given;
  const flow = given.flow === 'sign-up' ? given.flow : 'mail';
  const limiter = flow === 'sign-up' ? pieces.signUp : pieces.mail;
  const decision = await limiter.take(keysOf(address, name));
  if (!decision.ok) {
    pieces.reports.limited(flow, given);
    return { ok: false, retryAfterMs: decision.retryAfterMs };
  }
  const pass = await pieces.guard.reserve({ address, account: name, exists: false, flow: flow === 'mail' ? 'forgot-password' : flow, about: { address, nameTag: name } });
  if (pass.refused) {
    await limiter.refund(decision);
    await limiter.take(addressKeysOf(address));
    return { ok: false, retryAfterMs: refusedForMs };
  }
  pieces.reports.probed(given);
  if (completed) await pieces.guard.settle(pass.receipt, 'refunded');
  return { ok: true };
}
