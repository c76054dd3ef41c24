import type { Attack, AttackEvent } from './attackers/attack.ts';
import { plainAttempt } from './owner.ts';
import type { LoginAttempt, LoginOutcome } from './policy.ts';
import { hashText, mix } from './random.ts';
import { ask, askProbe, finish, type World } from './world.ts';

/** An attacker gives up after this many retries of what was refused openly, if the attack says nothing else. */
const usualRetries = 3;

/** What the attacker has achieved so far. */
export interface Assault {
  readonly attack: Attack;
  /** Accounts that could be entered when the attack began. */
  readonly vulnerable: Set<number>;
  readonly entered: Set<number>;
  sent: number;
  /** Events that were refused openly and will be sent again. */
  waiting: number;
  readonly bytesBefore: number;
  /** Of the policy's tables once the last event was sent. */
  bytesAfter: number | undefined;
  /** Guesses whose password was looked at. */
  verified: number;
  /** What had been sent and entered when the first alarm came. */
  atAlarm: { readonly sent: number; readonly entered: number } | undefined;
}

/** Takes stock at the moment of the attack: who has no second factor and the password that will be sent. */
export function beginAssault({ traffic, accounts, policy }: World, attack: Attack): Assault {
  const vulnerable = new Set<number>();
  const { secondFactor } = traffic.population;
  for (let user = 0; user < secondFactor.length; user += 1) {
    if (secondFactor[user] === 0 && attack.covers?.(user, accounts.passwordOf(user)) === true) vulnerable.add(user);
  }
  return { attack, vulnerable, entered: new Set(), sent: 0, waiting: 0, bytesBefore: policy.bytes(), bytesAfter: undefined, verified: 0, atAlarm: undefined };
}

/** Sends one event of the attack. */
export async function strike(world: World, assault: Assault, index: number, nowMs = assault.attack.atMs(index), tried = 0, event = assault.attack.event(index)): Promise<void> {
  assault.sent += 1;
  const outcome = event.as === 'probe' ? await probe(world, event, nowMs) : await guess(world, assault, event, nowMs);
  assault.attack.answered?.(index, outcome);
  if (index === assault.attack.events - 1 && tried === 0) assault.bytesAfter = world.policy.bytes();
  const waitMs = 'as' in outcome ? (outcome.as === 'denied' ? outcome.retryAfterMs : undefined) : outcome.ok ? undefined : outcome.retryAfterMs;
  if (waitMs === undefined || !Number.isFinite(waitMs) || tried >= (assault.attack.retries ?? usualRetries)) return;
  const againMs = nowMs + Math.max(1, waitMs);
  assault.waiting += 1;
  world.later.put(againMs, () => {
    assault.waiting -= 1;
    return strike(world, assault, index, againMs, tried + 1, event);
  });
}

function probe(world: World, { address, name, exists }: Extract<AttackEvent, { as: 'probe' }>, nowMs: number): ReturnType<typeof askProbe> {
  return askProbe(world, { nowMs, address, flow: 'sign-up', name, exists, completed: false }, 'attacker');
}

async function guess(world: World, assault: Assault, event: Exclude<AttackEvent, { as: 'probe' }>, nowMs: number): Promise<LoginOutcome> {
  const attempt = event.as === 'own' ? ownAttempt(event, nowMs) : plainAttempt(world, nowMs, event, { address: event.address, browserId: undefined, known: false });
  const outcome = await ask(world, attempt, 'attacker');
  if (event.as === 'own') return outcome;
  if (outcome.as !== 'denied') assault.verified += 1;
  if (attempt.right && (await enters(world, attempt, outcome, event.user))) assault.entered.add(event.user);
  return outcome;
}

/** A second factor stops the attacker; a mailed step-up does unless the mailbox has the same password. */
async function enters(world: World, attempt: LoginAttempt, outcome: LoginOutcome, user: number): Promise<boolean> {
  if (attempt.secondFactor) return false;
  if (outcome.as === 'in') return true;
  if (outcome.as !== 'step-up' || !opensMailbox(world, user)) return false;
  await finish(world, attempt, 'attacker');
  return true;
}

function opensMailbox({ traffic }: World, user: number): boolean {
  const luck = mix(hashText('mailbox') ^ mix(traffic.seed * 1_000_003 + user)) / 4_294_967_296;
  return luck < traffic.scenario.mailboxes;
}

function ownAttempt({ address, name, known }: Extract<AttackEvent, { as: 'own' }>, nowMs: number): LoginAttempt {
  return { nowMs, address, name, accountId: `id-${name}`, passwordId: `secret-${name}`, right: true, leaked: 'no', known, browserId: known ? `browser-${name}` : undefined, secondFactor: false };
}
