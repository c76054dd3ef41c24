import type { LoginAttempt, LoginOutcome } from './policy.ts';
import type { LeakedAs } from './population.ts';
import { minuteMs } from './scenario.ts';
import type { Session, WrongTry } from './traffic.ts';
import { ask, askProbe, finish, type World } from './world.ts';

const betweenTriesMs = 7_000;
const retryAfterMs = [30_000, 10 * minuteMs] as const;
const mailMs = 2 * minuteMs;
const staleTries = 288;
const staleGapMs = 5 * minuteMs;

/** A session on its way. */
interface Visit {
  readonly session: Session;
  /** Whether the browser had a valid cookie when the right password came: a reset on the way ends it. */
  known: boolean;
  /** Wrong passwords typed so far. */
  typed: number;
  /** Tries of the right password that were denied so far. */
  denials: number;
  reset: boolean;
}

/** A user comes. What follows is put on the agenda: the next try, the retries of who was denied, an old client. */
export function arrive(world: World, session: Session): Promise<void> {
  if (session.cleared) world.accounts.forget(session.user, session.device);
  if (session.stale) world.later.put(session.atMs + staleGapMs, () => staleTry(world, session, 1));
  return goOn(world, { session, known: world.accounts.knows(session.user, session.device), typed: 0, denials: 0, reset: false }, session.atMs);
}

async function goOn(world: World, visit: Visit, nowMs: number): Promise<void> {
  const { session } = visit;
  const wrong = session.wrong[visit.typed];
  if (wrong !== undefined) return mistype(world, visit, wrong, nowMs);
  if (session.resets && !visit.reset) return resetPassword(world, visit, nowMs);
  return signIn(world, visit, nowMs);
}

async function mistype(world: World, visit: Visit, wrong: WrongTry, nowMs: number): Promise<void> {
  const attempt = attemptOf(world, visit, nowMs, wrong);
  // Somebody's password elsewhere may be popular, and so may be this one's.
  if (attempt.right && wrong.user === visit.session.user) return settle(world, visit, attempt, nowMs);
  const outcome = await ask(world, attempt, 'owner');
  visit.typed += 1;
  const open = outcome.as === 'denied' && outcome.retryAfterMs !== undefined;
  world.later.put(nowMs + (open ? retryAfterMs[0] : betweenTriesMs), () => goOn(world, visit, nowMs + (open ? retryAfterMs[0] : betweenTriesMs)));
}

async function resetPassword(world: World, visit: Visit, nowMs: number): Promise<void> {
  const { user, address } = visit.session;
  const { names, ids } = world.traffic.population;
  const { ok } = await askProbe(world, { nowMs, address, flow: 'forgot', name: names[user] as string, exists: true, completed: true }, 'owner');
  if (!ok) { end(world, visit, { denied: false, failed: true, stepUp: false }); return; }
  visit.reset = true;
  const atMs = nowMs + mailMs;
  world.later.put(atMs, () => {
    world.clock.moveTo(atMs);
    world.accounts.replace(user);
    world.policy.passwordChanged?.(ids[user] as string, atMs);
    return signIn(world, visit, atMs);
  });
}

function signIn(world: World, visit: Visit, nowMs: number): Promise<void> {
  const { user } = visit.session;
  const { accounts, traffic } = world;
  const right = { user, name: traffic.population.names[user] as string, passwordId: accounts.passwordOf(user), leaked: accounts.leakedOf(user) };
  return settle(world, visit, attemptOf(world, visit, nowMs, right), nowMs);
}

/** The right password: in, a step-up, or denied and tried again twice. */
async function settle(world: World, visit: Visit, attempt: LoginAttempt, nowMs: number): Promise<void> {
  visit.known = attempt.known;
  const outcome = await ask(world, attempt, 'owner');
  if (outcome.as === 'in' || outcome.as === 'step-up') return enter(world, visit, attempt, outcome);
  const waitMs = retryAfterMs[visit.denials];
  visit.denials += 1;
  if (waitMs === undefined) { end(world, visit, { denied: true, failed: true, stepUp: false }); return; }
  world.later.put(nowMs + waitMs, () => signIn(world, visit, nowMs + waitMs));
}

async function enter(world: World, visit: Visit, attempt: LoginAttempt, outcome: Extract<LoginOutcome, { as: 'in' | 'step-up' }>): Promise<void> {
  const { session, denials } = visit;
  const { user, device } = session;
  const extra = outcome.as === 'step-up' && !attempt.secondFactor;
  const denied = denials > 0;
  if (extra && !session.passes) { end(world, visit, { denied, failed: true, stepUp: true }); return; }
  if (extra || attempt.secondFactor) await finish(world, attempt, 'owner');
  if (outcome.mustChange === true || (outcome.as === 'step-up' && session.heeds && /^(leaked|popular)/.test(outcome.reason))) {
    world.tally.replaced += 1;
    world.accounts.replace(user);
    world.policy.passwordChanged?.(world.traffic.population.ids[user] as string, attempt.nowMs);
  }
  world.accounts.remember(user, device);
  end(world, visit, { denied, failed: false, stepUp: extra });
}

function end(world: World, { session, known }: Visit, how: { readonly denied: boolean; readonly failed: boolean; readonly stepUp: boolean }): void {
  world.tally.ended({ session, known, ...how });
}

function attemptOf(world: World, { session }: Visit, nowMs: number, typed: WrongTry): LoginAttempt {
  const { user, device, address, browserId } = session;
  const known = typed.user === user && world.accounts.knows(user, device);
  return plainAttempt(world, nowMs, typed, { address, browserId, known });
}

/** An attempt with what is typed; whether it is right is looked up. */
export function plainAttempt(
  { traffic, accounts }: World,
  nowMs: number,
  { user, name, passwordId, leaked }: { readonly user: number; readonly name: string; readonly passwordId: string; readonly leaked: LeakedAs },
  { address, browserId, known }: Pick<LoginAttempt, 'address' | 'browserId' | 'known'>,
): LoginAttempt {
  const { ids, secondFactor } = traffic.population;
  return {
    nowMs,
    address,
    name,
    accountId: user < 0 ? undefined : ids[user],
    passwordId,
    right: user >= 0 && accounts.passwordOf(user) === passwordId,
    leaked: traffic.scenario.leakedList ? leaked : 'no',
    known,
    browserId,
    secondFactor: user >= 0 && secondFactor[user] === 1,
  };
}

/** A program that was never told of the new password. It shows no cookie, and nobody waits for it. */
async function staleTry(world: World, session: Session, nth: number): Promise<void> {
  const { user, atMs, address } = session;
  const { names } = world.traffic.population;
  const nowMs = atMs + nth * staleGapMs;
  const typed = { user, name: names[user] as string, passwordId: `stale${user}`, leaked: 'no' as const };
  await ask(world, plainAttempt(world, nowMs, typed, { address, browserId: undefined, known: false }), 'owner');
  if (nth < staleTries) world.later.put(nowMs + staleGapMs, () => staleTry(world, session, nth + 1));
}
