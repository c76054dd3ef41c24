import type { LimiterDecision } from 'portcullis/limiter';
import type { GuardPass } from 'portcullis/login-guard';
import type { Begun, LoginAttempt, LoginOutcome, Policy, PolicyFactory, Probe, ProbeOutcome } from '../../policy.ts';
import { neighborhood } from './networks.ts';
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
      passwordChanged: (accountId) => void pieces.failures.delete(accountId),
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
  return { address, ...(address.includes(':') && { site: neighborhood(address) }) };
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
  pieces.reports.failed(given, 'refused-network', pass);
  return { as: 'denied' };
}

/** A known browser whose password has leaked gets a session that opens the form for another one, and nothing else. */
async function openKnown(pieces: Pieces, { list }: OurOptions, given: LoginAttempt, decision: LimiterDecision & { readonly ok: true }): Promise<LoginOutcome> {
  if (!given.right) {
    pieces.reports.failed(given, 'wrong-password');
    return { as: 'wrong' };
  }
  await pieces.signIn.refund(decision);
  await pieces.guard.known({ address: given.address, again: pieces.visits.isAgain(given) });
  enter(pieces, given, true);
  return { as: 'in', mustChange: list && given.leaked !== 'no' };
}

interface Stranger {
  readonly given: LoginAttempt;
  readonly decision: LimiterDecision & { readonly ok: true };
  readonly pass: GuardPass;
}

async function open(pieces: Pieces, options: OurOptions, { given, decision, pass }: Stranger): Promise<LoginOutcome> {
  const { guard, reports, failures, waiting, networks } = pieces;
  const { accountId = '', address, nowMs } = given;
  if (!given.right) {
    await guard.settle(pass.receipt, 'failed');
    reports.failed(given, given.accountId === undefined ? 'unknown-account' : 'wrong-password', pass);
    if (given.accountId !== undefined) failures.set(accountId, (failures.get(accountId) ?? 0) + 1);
    return { as: 'wrong' };
  }
  const hasLeaked = options.list && given.leaked !== 'no';
  const asked = hasLeaked ? `${given.leaked} password` : (failures.get(accountId) ?? 0) >= cap ? 'too many failures' : pass.after({ familiar: networks.isFamiliar(accountId, address, nowMs) }).reasons[0];
  if (asked === undefined) return letIn(pieces, given, { decision, pass });
  const canAsk = options.stepUp || given.secondFactor;
  await guard.settle(pass.receipt, 'held');
  if (hasLeaked) reports.failed(given, 'breached-password', pass);
  else if (canAsk) reports.pending(given);
  else reports.failed(given, 'suspicious', pass);
  if (!canAsk) return { as: 'denied' };
  waiting.set(given, pass);
  return { as: 'step-up', reason: asked, mustChange: hasLeaked };
}

/** A second factor of the account is asked for whatever the evidence says: the receipt waits for it. */
async function letIn(pieces: Pieces, given: LoginAttempt, { decision, pass }: Omit<Stranger, 'given'>): Promise<LoginOutcome> {
  await pieces.signIn.refund(decision);
  await pieces.guard.settle(pass.receipt, given.secondFactor ? 'held' : 'entered');
  if (given.secondFactor) {
    pieces.waiting.set(given, pass);
    pieces.reports.pending(given);
  } else enter(pieces, given, false);
  return { as: 'in' };
}

function enter({ networks, failures, reports }: Pieces, given: LoginAttempt, known: boolean, ...more: readonly string[]): void {
  networks.remember(given.accountId ?? '', given.address, given.nowMs);
  failures.delete(given.accountId ?? '');
  reports.entered(given, known, ['password', ...more]);
}

async function finish(pieces: Pieces, given: LoginAttempt): Promise<void> {
  const pass = pieces.waiting.get(given);
  pieces.waiting.delete(given);
  if (pass !== undefined) await pieces.guard.settle(pass.receipt, 'entered');
  enter(pieces, given, pass === undefined, given.secondFactor ? 'totp' : 'mailed-link');
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
