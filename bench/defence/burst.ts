import { datacenterV4 } from './addresses.ts';
import { worldClock } from './clock.ts';
import { makeDecisions } from './decisions.ts';
import type { Begun, LoginAttempt, LoginOutcome, Policy, PolicyFactory } from './policy.ts';
import { popularOfRank } from './population.ts';
import { below, stream } from './random.ts';
import type { RunResult } from './result.ts';
import { startMs, type Scenario } from './scenario.ts';
import { makeTally } from './tally.ts';

const parallel = 1_000;
const verificationMs = 80;
const atMs = startMs + 3_600_000;

/**
 * A10: a thousand guesses at one account from one address at the same moment, each of which takes 80 ms to verify. What a policy
 * lets through beyond what it lets through one after another at that moment is its overshoot.
 */
export async function runBurst(scenario: Scenario, seed: number, makePolicy: PolicyFactory): Promise<RunResult> {
  const attempts = attemptsOf(scenario, seed);
  const serial = await inTurn(makePolicy, seed, attempts);
  const burst = await atOnce(makePolicy, seed, attempts);
  const { overall } = makeTally({ accounts: 1, window: undefined, victims: new Set() });
  const entered = burst.outcomes.some(({ as }) => as === 'in') ? 1 : 0;
  const first = burst.policy.alarms()[0];
  const result: RunResult = {
    policy: burst.policy.name,
    attacker: 'A10',
    seed,
    scenario: scenario.id,
    takeoverShare: entered,
    yieldPerIp: entered,
    vulnerable: 1,
    entered,
    sent: parallel,
    verifiedPerIpDay: burst.verified,
    detectionMs: first === undefined ? null : first.atMs - atMs,
    detectionByKind: first === undefined ? {} : { [first.kind]: first.atMs - atMs },
    beforeAlarm: null,
    falseAlarms: {},
    ordinaryDeniedShare: 0,
    ordinaryFailedShare: 0,
    stepUpShare: 0,
    bytes: burst.policy.bytes(),
    bytesBefore: 0,
    overall,
    inWindow: null,
    victims: null,
    users: { denied: 0, failed: 0, stepUps: 0 },
    signUpsDenied: 0,
    replaced: 0,
    stillBlocked: null,
    overshoot: burst.policy.begin === undefined ? null : Math.max(0, burst.verified - serial.verified),
    decisions: decisionsOf(serial, burst),
  };
  burst.policy.close?.();
  serial.policy.close?.();
  return result;
}

function decisionsOf(...bursts: readonly Burst[]): string {
  const decisions = makeDecisions();
  for (const { policy, outcomes, verified } of bursts) {
    decisions.decided(verified);
    for (const outcome of outcomes) decisions.decided(outcome);
    for (const alarm of policy.alarms()) decisions.alarmed(alarm);
  }
  return decisions.digest();
}

function attemptsOf({ leakedList }: Scenario, seed: number): readonly LoginAttempt[] {
  const rank = 1 + below(stream('A10', seed), parallel);
  return Array.from({ length: parallel }, (_, index) => ({
    nowMs: atMs,
    address: datacenterV4(0),
    name: 'user0@example.test',
    accountId: 'account0',
    passwordId: popularOfRank(index + 1),
    right: index + 1 === rank,
    leaked: leakedList ? 'popular' : 'no',
    known: false,
    browserId: undefined,
    secondFactor: false,
  }));
}

interface Burst {
  readonly policy: Policy;
  readonly outcomes: readonly LoginOutcome[];
  /** Attempts that were let through to verification. */
  readonly verified: number;
}

async function inTurn(makePolicy: PolicyFactory, seed: number, attempts: readonly LoginAttempt[]): Promise<Burst> {
  const clock = worldClock(atMs);
  const policy = makePolicy({ clock, seed, accounts: 1 });
  const outcomes: LoginOutcome[] = [];
  let verified = 0;
  for (const attempt of attempts) {
    const begun: Begun = policy.begin === undefined ? await policy.attempt(attempt) : await policy.begin(attempt);
    if (typeof begun === 'function' || begun.as !== 'denied') verified += 1;
    outcomes.push(typeof begun === 'function' ? await begun() : begun);
  }
  return { policy, outcomes, verified };
}

async function atOnce(makePolicy: PolicyFactory, seed: number, attempts: readonly LoginAttempt[]): Promise<Burst> {
  const clock = worldClock(atMs);
  const policy = makePolicy({ clock, seed, accounts: 1 });
  const begin = async (attempt: LoginAttempt): Promise<Begun> => (policy.begin === undefined ? policy.attempt(attempt) : policy.begin(attempt));
  const begun = await Promise.all(attempts.map(begin));
  clock.moveTo(atMs + verificationMs);
  const outcomes = await Promise.all(begun.map(async (each) => (typeof each === 'function' ? each() : each)));
  return { policy, outcomes, verified: begun.filter((each) => typeof each === 'function' || each.as !== 'denied').length };
}
