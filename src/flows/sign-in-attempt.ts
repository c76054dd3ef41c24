import type { Browser, Recognition } from '../device/index.ts';
import type { HashVerdict } from '../hasher/index.ts';
import type { LimiterDecision, LimiterPass } from '../limiter/index.ts';
import type { GuardPass } from '../login-guard/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { EventSubject } from '../ports/events.ts';
import type { EpochMark } from '../ports/session.ts';
import type { ChallengeTickets } from './challenge-tickets.ts';
import type { Visit } from './door.ts';
import type { PasswordGuard, PasswordLook } from './password-guard.ts';
import type { PendingSignIns } from './pending-sign-ins.ts';
import type { ResetTickets } from './reset-tickets.ts';

/** What the sign-in is made of beside the pieces. */
export interface SignInDoors {
  readonly resets: ResetTickets;
  readonly guard: PasswordGuard;
  readonly pendings: PendingSignIns;
  readonly tickets: ChallengeTickets;
}

/** One attempt that has been charged for. */
export interface Attempt {
  readonly name: string;
  readonly password: string;
  readonly browser: Browser;
  /** Whose budget was charged: the name's, the browser's own in its place, or the name's because the browser's is `spent`. */
  readonly budget: 'name' | 'device' | 'spent';
  readonly about: EventSubject;
  readonly pass: LimiterPass;
  readonly visit: Visit;
}

/** The password was compared, and what else decides about it was read. */
export interface Look {
  readonly account: StoredAccount | undefined;
  readonly recognition: Recognition;
  /** The epochs from before the password was looked at. */
  readonly epochs: EpochMark;
  /** What was charged once the account and the browser were known, beside the attempt's own. */
  readonly charges: readonly LimiterDecision[];
  readonly verdict: HashVerdict;
  readonly known: PasswordLook;
  /** What the login guard said; absent for a browser that the account knows. */
  readonly evidence: GuardPass | undefined;
}
