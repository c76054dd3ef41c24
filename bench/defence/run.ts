import { beginAssault, strike, type Assault } from './assault.ts';
import type { Attack, AttackerId, MakeAttack } from './attackers/attack.ts';
import { arrive } from './owner.ts';
import type { PolicyFactory } from './policy.ts';
import { resultOf, type RunResult } from './result.ts';
import { dayMs, hourMs, minuteMs, startMs, type Scenario } from './scenario.ts';
import { makeTally } from './tally.ts';
import type { SignUp, Traffic } from './traffic.ts';
import { askProbe, makeWorld, type World } from './world.ts';

export interface RunInput {
  readonly traffic: Traffic;
  readonly makePolicy: PolicyFactory;
  /** `undefined` for legitimate traffic only. */
  readonly attack?: { readonly id: AttackerId; readonly make: MakeAttack } | undefined;
}

/** The harm of an attack is counted from its first event to its last, and for a day at least. */
export function windowOf({ firstMs, lastMs }: Pick<Attack, 'firstMs' | 'lastMs'>): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs: firstMs, toMs: Math.max(lastMs, firstMs + dayMs) };
}

/** One policy, one attacker, one seed, from the first day to the last, or to a day after the attack and its retries. */
export async function runOnce({ traffic, makePolicy, attack: attacker }: RunInput): Promise<RunResult> {
  const attack = attacker?.make(traffic, startMs + traffic.scenario.attackMs);
  const window = attack === undefined ? undefined : windowOf(attack);
  const tally = makeTally({ accounts: traffic.population.accounts, window, victims: attack?.victims ?? new Set() });
  const world = makeWorld(traffic, makePolicy, tally);
  orders(world);
  const assault = await play(world, attack, endOf(traffic.scenario, window));
  const result = resultOf(world, assault, window);
  world.policy.close?.();
  return result;
}

/** A day after the window of the attack: what comes later is counted by the run without one. */
function endOf({ days }: Scenario, window: { readonly toMs: number } | undefined): number {
  return Math.min(startMs + days * dayMs, window === undefined ? Infinity : window.toMs + dayMs);
}

/** What the scenario itself does: the passwords that must be replaced, and the store that goes away. */
function orders({ traffic: { scenario, sessions }, accounts, policy, later, clock }: World): void {
  const attackMs = startMs + scenario.attackMs;
  if (scenario.outage && policy.outage === undefined) throw new RangeError(`${policy.name}: its store cannot be taken away, so the scenario "${scenario.id}" says nothing about it`);
  if (scenario.forcedReset > 0) {
    const morningMs = startMs + Math.floor(scenario.attackMs / dayMs) * dayMs;
    later.put(morningMs, () => {
      for (const { user, forced } of sessions) if (forced) accounts.replace(user);
    });
  }
  if (!scenario.outage) return;
  for (const [gone, atMs] of [[true, attackMs + hourMs], [false, attackMs + hourMs + 10 * minuteMs]] as const) {
    later.put(atMs, () => {
      clock.moveTo(atMs);
      policy.outage?.(gone);
    });
  }
}

/** Merges the four lists of events in the order of time: visits, sign-ups, the attack, and what follows from them. */
async function play(world: World, attack: Attack | undefined, endMs: number): Promise<Assault | undefined> {
  const { sessions, signUps } = world.traffic;
  let [visit, signUp, shot] = [0, 0, 0];
  const lastMs = startMs + world.traffic.scenario.days * dayMs;
  let assault: Assault | undefined;
  for (;;) {
    const visitMs = sessions[visit]?.atMs ?? Infinity;
    const signUpMs = signUps[signUp]?.atMs ?? Infinity;
    const shotMs = attack !== undefined && shot < attack.events ? attack.atMs(shot) : Infinity;
    const laterMs = world.later.nextMs();
    const firstMs = Math.min(visitMs, signUpMs, shotMs, laterMs);
    if (firstMs >= endMs && (assault?.waiting ?? 0) === 0 || firstMs >= lastMs) return assault;
    if (firstMs === laterMs) await world.later.take()?.();
    else if (firstMs === visitMs) await arrive(world, sessions[visit++] as (typeof sessions)[number]);
    else if (firstMs === signUpMs) await register(world, signUps[signUp++] as SignUp);
    else {
      assault ??= beginAssault(world, attack as Attack);
      await strike(world, assault, shot++);
    }
    if (assault !== undefined) noteFirstAlarm(world, assault);
  }
}

async function register(world: World, { atMs, name, address }: SignUp): Promise<void> {
  const { ok } = await askProbe(world, { nowMs: atMs, address, flow: 'sign-up', name, exists: false, completed: true }, 'owner');
  if (!ok) world.tally.signUpsDenied += 1;
}

function noteFirstAlarm({ alarms }: World, assault: Assault): void {
  if (assault.atAlarm !== undefined || alarms.at(-1)?.by !== 'attacker') return;
  assault.atAlarm = { sent: assault.sent, entered: assault.entered.size };
}
