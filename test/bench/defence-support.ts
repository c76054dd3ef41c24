import { attacks } from '../../bench/defence/attackers/index.ts';
import type { AttackerId } from '../../bench/defence/attackers/attack.ts';
import { worldClock } from '../../bench/defence/clock.ts';
import type { LoginAttempt, LoginOutcome, Policy, PolicyFactory, Probe, ProbeOutcome } from '../../bench/defence/policy.ts';
import { makePopulation } from '../../bench/defence/population.ts';
import type { RunResult } from '../../bench/defence/result.ts';
import { runOnce } from '../../bench/defence/run.ts';
import { makeTally } from '../../bench/defence/tally.ts';
import { standard, startMs, type Scenario } from '../../bench/defence/scenario.ts';
import { makeTraffic, type Traffic } from '../../bench/defence/traffic.ts';

/** A site small enough for a test. */
export const small: Scenario = { ...standard, id: 'small', accounts: 800 };

export function trafficOf(scenario: Scenario = small, seed = 1): Traffic {
  return makeTraffic(scenario, seed, makePopulation(scenario, seed));
}

export function run(makePolicy: PolicyFactory, attacker?: AttackerId, traffic = trafficOf()): Promise<RunResult> {
  const make = attacker === undefined ? undefined : attacks[attacker];
  return runOnce({ traffic, makePolicy, ...(attacker === undefined || make === undefined ? {} : { attack: { id: attacker, make } }) });
}

/** A policy of one decision, which keeps what it was asked. */
export function recording(decide: (attempt: LoginAttempt) => LoginOutcome = ({ right }) => ({ as: right ? 'in' : 'wrong' })): { readonly make: PolicyFactory; readonly asked: LoginAttempt[]; readonly probed: Probe[]; readonly finished: { readonly name: string; readonly by: string }[] } {
  const asked: LoginAttempt[] = [];
  const probed: Probe[] = [];
  const finished: { name: string; by: string }[] = [];
  const make: PolicyFactory = () => ({
    name: 'recording',
    attempt(attempt) {
      asked.push(attempt);
      return decide(attempt);
    },
    probe(probe) {
      probed.push(probe);
      return { ok: true };
    },
    finished: ({ name }, by) => {
      finished.push({ name, by });
    },
    alarms: () => [],
    bytes: () => 0,
  });
  return { make, asked, probed, finished };
}

type Tried = Partial<Omit<LoginAttempt, 'nowMs'>> & { readonly afterMs?: number };

/** A policy with a clock of its own: each try comes `afterMs` (default a second) after the one before. */
export function trial(makePolicy: PolicyFactory): { readonly policy: Policy; readonly wait: (ms: number) => void; readonly attempt: (tried?: Tried) => Promise<LoginOutcome>; readonly wrong: (tried?: Tried) => Promise<LoginOutcome>; readonly probe: (address?: string, flow?: Probe['flow']) => Promise<ProbeOutcome> } {
  const clock = worldClock(startMs);
  const policy = makePolicy({ clock, seed: 1, accounts: 10 });
  let nth = 0;
  const attempt = async ({ afterMs = 1_000, ...tried }: Tried = {}): Promise<LoginOutcome> => {
    clock.moveTo(clock.nowMs() + afterMs);
    const user = tried.name ?? 'user1@example.test';
    return policy.attempt({
      nowMs: clock.nowMs(), address: '45.80.0.1', name: user, accountId: user.replace('user', 'account').replace('@example.test', ''), passwordId: 'own1', right: true, leaked: 'no', known: false, browserId: undefined, secondFactor: false,
      ...tried,
    });
  };
  return {
    policy,
    wait: (ms) => {
      clock.moveTo(clock.nowMs() + ms);
    },
    attempt,
    wrong: (tried = {}) => attempt({ right: false, passwordId: `wrong${(nth += 1)}`, ...tried }),
    async probe(address = '45.80.0.1', flow = 'sign-up') {
      clock.moveTo(clock.nowMs() + 1_000);
      return (await policy.probe?.({ nowMs: clock.nowMs(), address, flow, name: 'fresh@example.test', exists: false, completed: false })) ?? { ok: true };
    },
  };
}

/** Runs it `times` times, one after the other, and answers the kinds of the outcomes. */
export async function repeated(times: number, one: () => Promise<LoginOutcome>): Promise<readonly string[]> {
  const kinds: string[] = [];
  for (let time = 0; time < times; time += 1) kinds.push((await one()).as);
  return kinds;
}

function emptyHarm(): RunResult['overall'] {
  return makeTally({ accounts: 1, window: undefined, victims: new Set() }).overall;
}

/** A run as the report reads it, with figures of nothing in particular. */
export function result(given: Partial<RunResult>): RunResult {
  return {
    policy: 'leaked', attacker: 'A5', seed: 1, scenario: 'standard', takeoverShare: 0, yieldPerIp: 0, detectionMs: 12_000, detectionByKind: { source: 12_000 }, ordinaryDeniedShare: 0, ordinaryFailedShare: 0, stepUpShare: 0.02,
    bytes: 4_194_304, bytesBefore: 4_194_304, vulnerable: 250, entered: 0, sent: 20_000, verifiedPerIpDay: 3, beforeAlarm: { sent: 10, entered: 0 }, falseAlarms: {}, overall: emptyHarm(), inWindow: emptyHarm(), victims: null, users: { denied: 0, failed: 0, stepUps: 0 }, signUpsDenied: 0, replaced: 0, stillBlocked: null, overshoot: null,
    ...given,
  };
}
