import type { Alarm, LoginAttempt, LoginOutcome, Policy, PolicyFactory, PolicyWorld, Probe, ProbeOutcome } from '../policy.ts';

/** A rule that decides before the password is looked at, and learns from what came of it. */
export interface Rule {
  /** `undefined` lets the attempt through to verification. */
  before(attempt: LoginAttempt): LoginOutcome | undefined;
  /** After verification. The rule may still refuse a right password; by default it changes nothing. */
  after?(attempt: LoginAttempt): LoginOutcome | undefined;
  probe?(probe: Probe): ProbeOutcome;
  passwordChanged?(accountId: string, nowMs: number): void;
  bytes(): number;
}

export type Alert = (kind: string) => void;

/** What came of a password that was looked at. */
export function verified({ right }: LoginAttempt): LoginOutcome {
  return right ? { as: 'in' } : { as: 'wrong' };
}

/** A policy of one rule. A rule calls `alert` when it begins to refuse a key. */
export function peer(name: string, makeRule: (alert: Alert, world: PolicyWorld) => Rule): PolicyFactory {
  return (world) => {
    const alarms: Alarm[] = [];
    const rule = makeRule((kind) => alarms.push({ atMs: world.clock.nowMs(), kind }), world);
    const settle = (attempt: LoginAttempt): LoginOutcome => rule.after?.(attempt) ?? verified(attempt);
    return {
      name,
      attempt: (attempt) => rule.before(attempt) ?? settle(attempt),
      begin: (attempt) => rule.before(attempt) ?? (() => settle(attempt)),
      ...(rule.probe === undefined ? {} : { probe: (probe: Probe) => rule.probe?.(probe) ?? { ok: true } }),
      ...(rule.passwordChanged === undefined ? {} : { passwordChanged: (accountId: string, nowMs: number) => rule.passwordChanged?.(accountId, nowMs) }),
      alarms: () => alarms,
      bytes: () => rule.bytes(),
    } satisfies Policy;
  };
}

/** Adds to each key's value; a key that is absent begins with what `make` answers. */
export function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
