import { accountsState, type AccountsState } from './accounts-state.ts';
import { worldClock, type WorldClock } from './clock.ts';
import { makeDecisions, type Decisions } from './decisions.ts';
import { agenda, type Agenda } from './heap.ts';
import type { Alarm, LoginAttempt, LoginOutcome, Policy, PolicyFactory, Probe, ProbeOutcome } from './policy.ts';
import { startMs } from './scenario.ts';
import type { Tally } from './tally.ts';
import type { Traffic } from './traffic.ts';

export type Cause = 'owner' | 'attacker';

/** Something to be done at its time. */
export type Task = () => Promise<void> | void;

export interface CausedAlarm extends Alarm {
  readonly by: Cause;
}

/** One run in progress: a population, a policy, and what waits to happen. */
export interface World {
  readonly traffic: Traffic;
  readonly policy: Policy;
  readonly clock: WorldClock;
  readonly accounts: AccountsState;
  readonly later: Agenda<Task>;
  readonly tally: Tally;
  readonly alarms: CausedAlarm[];
  readonly decisions: Decisions;
}

export function makeWorld(traffic: Traffic, makePolicy: PolicyFactory, tally: Tally): World {
  const clock = worldClock(startMs);
  const policy = makePolicy({ clock, seed: traffic.seed, accounts: traffic.population.accounts, outage: traffic.scenario.outage });
  return { traffic, policy, clock, accounts: accountsState(traffic.population), later: agenda(), tally, alarms: [], decisions: makeDecisions() };
}

/** Asks the policy about one attempt at the time that the attempt says. */
export function ask(world: World, attempt: LoginAttempt, by: Cause): LoginOutcome | Promise<LoginOutcome> {
  world.clock.moveTo(attempt.nowMs);
  const outcome = world.policy.attempt(attempt);
  if (outcome instanceof Promise) return outcome.then((awaited) => noted(world, awaited, by));
  return noted(world, outcome, by);
}

/** The same for the sign-up form and the form for a forgotten password. A policy that guards neither lets all pass. */
export async function askProbe(world: World, probe: Probe, by: Cause): Promise<ProbeOutcome> {
  world.clock.moveTo(probe.nowMs);
  const outcome = (await world.policy.probe?.(probe)) ?? { ok: true };
  return noted(world, outcome, by);
}

/** Tells the policy that what it asked for was passed. */
export async function finish(world: World, attempt: LoginAttempt, by: Cause): Promise<void> {
  await world.policy.finished?.(attempt, by);
  noted(world, undefined, by);
}

/** An alarm belongs to whoever's call it appeared in. */
function noted<T>(world: World, outcome: T, by: Cause): T {
  const raised = world.policy.alarms();
  if (outcome !== undefined) world.decisions.decided(outcome);
  for (let at = world.alarms.length; at < raised.length; at += 1) {
    const alarm = raised[at] as Alarm;
    world.alarms.push({ ...alarm, by });
    world.decisions.alarmed(alarm);
  }
  return outcome;
}
