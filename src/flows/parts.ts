import type { BreachLookup } from '../breach/index.ts';
import type { Devices } from '../device/index.ts';
import type { SessionEpochs } from '../epochs/index.ts';
import type { Hasher } from '../hasher/index.ts';
import type { KeyRing } from '../kernel/keys.ts';
import type { Limiter } from '../limiter/index.ts';
import type { LoginGuard } from '../login-guard/index.ts';
import type { MfaPolicies } from '../mfa/index.ts';
import type { PasswordPolicy } from '../password/index.ts';
import type { Accounts } from '../ports/accounts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { Mailer } from '../ports/mailer.ts';
import type { RandomSource } from '../ports/random.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { Reply } from '../ports/reply.ts';
import type { ReadOnlyMode } from '../read-only/index.ts';
import type { RecoveryCodes } from '../recovery/index.ts';
import type { ForcedResets } from '../resets/index.ts';
import type { Totp } from '../totp/index.ts';
import type { UniformReplies } from '../uniform/index.ts';
import type { ChallengeOptions, OwnFactor, Pathways } from './factor-options.ts';
import type { SessionLimits } from './session-limits.ts';
import type { LimitKeys, LimitRuleName } from './limit-keys.ts';
import type { Links } from './links.ts';

/** One limiter for each thing that can be tried too often. */
export interface FlowLimiters {
  readonly signIn: Limiter<LimitRuleName>;
  readonly signUp: Limiter<LimitRuleName>;
  /** Requests that make the library send a mail: forgot and resend. */
  readonly mail: Limiter<LimitRuleName>;
  /** Tokens and codes that come back from mails. */
  readonly code: Limiter<LimitRuleName>;
  readonly passwordChange: Limiter<LimitRuleName>;
  /** Second factors that are tried, at sign-in and later. */
  readonly secondFactor: Limiter<LimitRuleName>;
  /** Authenticators that are begun to be set up: each is a new secret and a QR code. */
  readonly enroll: Limiter<'account'>;
  /** Changes of factors that are there, new recovery codes included: each is told at every address of the owner. */
  readonly factorChange: Limiter<'account'>;
  /** Mails with the link of a challenge. */
  readonly challenge: Limiter<'account'>;
  /** Mails that nobody asked for: "your password has leaked". */
  readonly notice: Limiter<'account'>;
}

/** What the flows are made of. `createPortcullis` puts it together; a flow knows the pieces by their types alone. */
export interface FlowParts {
  readonly accounts: Accounts;
  readonly records: RecordStore;
  readonly mailer: Mailer;
  readonly links: Links;
  readonly hasher: Hasher;
  readonly password: PasswordPolicy;
  readonly breach: BreachLookup;
  readonly devices: Devices;
  readonly loginGuard: LoginGuard;
  readonly totp: Totp;
  readonly recovery: RecoveryCodes;
  readonly mfa: MfaPolicies;
  readonly epochs: SessionEpochs;
  readonly resets: ForcedResets;
  readonly readOnly: ReadOnlyMode;
  readonly secondFactor: SecondFactorSettings;
  readonly challenge: ChallengeOptions;
  readonly sessionLimits: SessionLimits;
  readonly pathways: Pathways;
  readonly uniform: UniformReplies;
  readonly limiters: FlowLimiters;
  readonly limitKeys: LimitKeys;
  readonly keys: KeyRing;
  readonly canonicalize: (identifier: string) => string;
  readonly random: RandomSource;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Where an unexpected error goes whole: to the app's own error tracker. Events carry no more than its name. */
  readonly reportError: (error: unknown) => void;
}

/** How the flows treat second factors. All ms. */
export interface SecondFactorSettings {
  /** How old a proof may be for an action that asks for a fresh one. */
  readonly freshForMs: number;
  /** How long a browser must have been known before a first factor may be enrolled from it without a mailed link. */
  readonly knownForMs: number;
  readonly own: OwnFactor | undefined;
}

/** What is wrong with something that was typed, as a code and a sentence for people. */
export interface RejectionReason {
  readonly code: string;
  readonly message: string;
}

/** The flow refused, or has nothing to tell but this answer. */
export interface Answered {
  readonly outcome: 'answered';
  readonly reply: Reply;
  /** Why what was typed cannot be used, for apps that show their form again; absent from every other answer. */
  readonly reasons?: readonly RejectionReason[];
  /** Set-Cookie lines that go with the answer. */
  readonly setCookies?: readonly string[];
}
