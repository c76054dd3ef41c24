import type { SecurityEvent } from 'portcullis';
import { createAttackMonitor, type Alarm, type AlarmKind, type AlarmState, type AttackLevel, type AttackMonitor, type AttackMonitorOptions } from 'portcullis/detect';
import { fakeClock, type FakeClock } from 'portcullis/testing';

export const secondMs = 1_000;
export const minuteMs = 60_000;
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

/** A network that nobody is at home in. */
export const attacker = '203.0.113.7';
export const office = '198.51.100.20';

export interface Told {
  readonly alarm: Alarm;
  readonly state: AlarmState;
  readonly atMs: number;
}

export interface Setup {
  readonly monitor: AttackMonitor;
  readonly clock: FakeClock;
  readonly told: Told[];
  readonly events: SecurityEvent[];
  readonly levels: AttackLevel[];
  /** Observes an event, then lets time pass. */
  readonly see: (event: SecurityEvent, thenMs?: number) => Promise<void>;
  readonly raised: () => readonly AlarmKind[];
}

export function setup(options: AttackMonitorOptions = {}): Setup {
  const clock = fakeClock();
  const told: Told[] = [];
  const events: SecurityEvent[] = [];
  const levels: AttackLevel[] = [];
  const monitor = createAttackMonitor({
    clock,
    onAlarm: (alarm, state) => void told.push({ alarm, state, atMs: clock.nowMs() }),
    onLevel: (level) => void levels.push(level),
    emit: (event) => void events.push(event),
    ...options,
  });
  return {
    monitor, clock, told, events, levels,
    async see(event, thenMs = 0) {
      monitor.observe(event);
      if (thenMs > 0) await clock.advance(thenMs);
    },
    raised: () => told.filter(({ state }) => state === 'raised').map(({ alarm }) => alarm.kind),
  };
}

export function nameTag(number: number): string {
  return `tag-of-name-${number}`;
}

export const unknownName = (number: number, address = attacker): SecurityEvent => ({ type: 'sign-in.failed', reason: 'unknown-account', nameTag: nameTag(number), address });

export const wrongPassword = (number: number, address = attacker, more: { readonly repeated?: boolean; readonly knownDevice?: boolean; readonly reasons?: readonly string[] } = {}): SecurityEvent => ({
  type: 'sign-in.failed', reason: 'wrong-password', nameTag: nameTag(number), accountId: `user-${number}`, address, ...more,
});

export const breached = (number: number, address = attacker): SecurityEvent => ({ type: 'sign-in.failed', reason: 'breached-password', nameTag: nameTag(number), accountId: `user-${number}`, address });

export const signedIn = (number: number, address = attacker, { known = false, proofs = ['password'] }: { readonly known?: boolean; readonly proofs?: readonly string[] } = {}): SecurityEvent => ({
  type: 'sign-in.succeeded', pathway: 'password', proofs, stage: 'full', knownDevice: known, nameTag: nameTag(number), accountId: `user-${number}`, address,
});

export const pending = (number: number, address = attacker, needs: 'second-factor' | 'mailed-link' = 'second-factor'): SecurityEvent => ({ type: 'sign-in.pending', pathway: 'password', needs, nameTag: nameTag(number), accountId: `user-${number}`, address });

export const signUp = (number: number, address = attacker, outcome: 'pending' | 'existing-account' = 'pending'): SecurityEvent => ({ type: 'sign-up.requested', outcome, nameTag: nameTag(number), address });

export const confirmed = (number: number, address = attacker): SecurityEvent => ({ type: 'sign-up.confirmed', nameTag: nameTag(number), accountId: `user-${number}`, address });

export const forgot = (number: number, address = attacker): SecurityEvent => ({ type: 'password-reset.requested', outcome: 'mailed', nameTag: nameTag(number), accountId: `user-${number}`, address });

export const refused = (limiter: string, number: number, address = attacker): SecurityEvent => ({ type: 'limiter.refused', limiter, rule: 'address', enforced: true, retryAfterMs: 1_000, nameTag: nameTag(number), address });

export const guessedToken = (address = attacker): SecurityEvent => ({ type: 'password-reset.failed', reason: 'unknown-token', address });

export const wrongCode = (number: number, address = attacker): SecurityEvent => ({ type: 'second-factor.failed', flow: 'second-factor', method: 'recovery-code', reason: 'mismatch', accountId: `user-${number}`, address });

/** A site whose users have browsers that are known: each from a network of their own. */
export async function inPeace({ see }: Setup, users = 400): Promise<void> {
  for (let user = 0; user < users; user += 1) await see(signedIn(10_000 + user, `192.0.2.${user % 250}`, { known: true }));
}

/** People who are at home at one address. */
export async function atHome({ see }: Setup, address: string, users: number, first = 20_000): Promise<void> {
  for (let user = 0; user < users; user += 1) await see(signedIn(first + user, address, { known: true }));
}
