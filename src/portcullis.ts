import { createAuditLog, type AuditLog } from './audit/index.ts';
import type { BreachLookup } from './breach/index.ts';
import type { AttackMonitor } from './detect/index.ts';
import type { Devices } from './device/index.ts';
import { createAccess, type Access } from './flows/access.ts';
import { createChallengeTickets } from './flows/challenge-tickets.ts';
import { createChallenge, type Challenge } from './flows/challenge.ts';
import { createEmailChange, type EmailChange } from './flows/email-change.ts';
import { createEnrollment, type Enrollment } from './flows/enrollment.ts';
import { createExternalAuth, type RecordExternalAuth } from './flows/external-auth.ts';
import { createFactors, type Factors } from './flows/factors.ts';
import { createMfaAdmin, type MfaAdmin } from './flows/mfa-admin.ts';
import { createPasswordChange, type PasswordChange } from './flows/password-change.ts';
import { createPasswordGuard } from './flows/password-guard.ts';
import { createPasswordReset, type PasswordReset } from './flows/password-reset.ts';
import type { FlowParts } from './flows/parts.ts';
import { createPendingSignIns } from './flows/pending-sign-ins.ts';
import { createResetTickets } from './flows/reset-tickets.ts';
import { createSecondFactor, type SecondFactor } from './flows/second-factor.ts';
import { createSignIn, type SignIn } from './flows/sign-in.ts';
import { createSignOut, type SignOut } from './flows/sign-out.ts';
import { createSignUp, type SignUp } from './flows/sign-up.ts';
import { createStepUp, type StepUp } from './flows/step-up.ts';
import type { IncidentResponse } from './flows/incident/incident.ts';
import type { Hasher } from './hasher/index.ts';
import type { SessionEpochs } from './epochs/index.ts';
import { harmless } from './kernel/harmless.ts';
import { lazyAsync } from './kernel/lazy.ts';
import { createAddressCheck, type AddressFacts } from './limiter/index.ts';
import type { PasswordPolicy } from './password/index.ts';
import { readPortcullisOptions, type PortcullisOptions } from './portcullis-options.ts';
import type { DoctorReport } from './portcullis-doctor.ts';
import type { AuditFiles } from './portcullis-incident.ts';
import { lazyMonitor } from './portcullis-monitor.ts';
import { partsOf } from './portcullis-parts.ts';
import { storesOf, type PortcullisHealth } from './portcullis-stores.ts';
import type { Emit } from './ports/events.ts';
import type { ReadOnlyMode } from './read-only/index.ts';
import type { ForcedResets } from './resets/index.ts';
import type { UniformReplies } from './uniform/index.ts';

/** Every piece, wired with one key ring, one pair of stores and one stream of events. */
export interface Portcullis {
  readonly signUp: SignUp;
  readonly signIn: SignIn;
  readonly signOut: SignOut;
  readonly passwordChange: PasswordChange;
  readonly passwordReset: PasswordReset;
  /** The second step of a sign-in. */
  readonly secondFactor: SecondFactor;
  /** Setting up an authenticator. */
  readonly enrollment: Enrollment;
  /** What a person does with the factors that are there. */
  readonly factors: Factors;
  /** Links that are mailed to be opened in the same browser. */
  readonly challenge: Challenge;
  /** A fresh proof for a sensitive action. */
  readonly stepUp: StepUp;
  /** May this session go on? Asked on every request. */
  readonly access: Access;
  /** Every way in that is not the password of this library. */
  readonly recordExternalAuth: RecordExternalAuth;
  readonly emailChange: EmailChange;
  /** What administrators do: make a second factor mandatory, look who is affected, remove what is lost. */
  readonly mfa: MfaAdmin;
  /** The switch for incidents. */
  readonly readOnly: ReadOnlyMode;
  /** Ends the sessions of everybody, an organization, an account. */
  readonly epochs: SessionEpochs;
  /** Whose password must be replaced, and why. */
  readonly resets: ForcedResets;
  /** Everything against an incident in one call. */
  readonly incident: IncidentResponse;
  /** Questions to the files that the audit log's `fileSink` writes. */
  readonly auditFiles: AuditFiles;
  /** Looks at the stores, the keys and the options: before going live, and when something is wrong. Never rejects. */
  doctor(): Promise<DoctorReport>;
  /** Whether the stores answer: for a readiness probe. Asks nobody. */
  health(): PortcullisHealth;
  /** What attack goes on, as this process sees it: for a page of operators. */
  readonly monitor: Pick<AttackMonitor, 'level' | 'snapshot'>;
  readonly devices: Devices;
  readonly hasher: Hasher;
  readonly password: PasswordPolicy;
  readonly breach: BreachLookup;
  readonly uniform: UniformReplies;
  /** Where people reach the app: requests that change something must come from a page of it. */
  readonly origin: string;
  /** For events of the app's own adapter. */
  readonly emit: Emit;
  /** Looks at the first requests and names what makes limits by address useless. */
  readonly checkAddress: (facts: AddressFacts) => void;
  /** Loads what is loaded on first use, so that the first people need not wait: 0.3 s. Never rejects. */
  warmUp(): Promise<void>;
  /** Waits for mails, other work after answers and the audit log, at most `deadlineMs` (default 10,000), and ends the threads. Answers how much was left undone or was lost on the way. */
  close(deadlineMs?: number): Promise<number>;
}

/**
 * Wires all pieces. It decides nothing itself: each piece can be had alone from its own subpath, with the same options.
 * Throws ERR_CONFIG, naming the option.
 */
export function createPortcullis(options: PortcullisOptions): Portcullis {
  let emit: Emit = () => undefined;
  const parsed = readPortcullisOptions(options, (event) => {
    emit(event);
  });
  const { keys, clock, random, counters } = parsed;
  const audit = parsed.audit && createAuditLog({ ...parsed.audit, keys, clock, random });
  const watch = lazyMonitor(async () => (await import('./portcullis-alarms.ts')).alarmsOf(parsed.detect, { counters: stores.counters, keys, clock, random, emit }), () => clock.nowMs(), parsed.reportError);
  emit = emitterOf(audit, parsed.onEvent, (event) => { watch.observe(event); });
  const stores = storesOf(parsed, emit);
  const parts = partsOf(parsed, stores, emit);
  const { hasher, password, uniform } = parts;

  return Object.freeze({
    ...flowsOf(parts),
    readOnly: parts.readOnly,
    epochs: wholly(parts),
    resets: parts.resets,
    incident: lazyIncident(async () => (await import('./portcullis-incident.ts')).incidentOf(parsed, parts, audit)),
    auditFiles: lazyAuditFiles(async () => (await import('./portcullis-incident.ts')).auditFilesOf(parsed, parts, audit)),
    monitor: watch.monitor,
    health: () => stores.health(),
    doctor: async () => (await import('./portcullis-incident.ts')).examine({ ...parsed, parts, audit, evidence: stores.evidence }),
    devices: parts.devices,
    hasher,
    password,
    breach: parts.breach,
    uniform,
    origin: new URL(parsed.baseUrl).origin,
    emit,
    checkAddress: createAddressCheck({ sharedCounters: counters.shared, emit }),
    async warmUp() {
      await Promise.allSettled([password.warmUp(), hasher.verify({ password: 'warm-up', stored: undefined, name: 'warm-up' })]);
    },
    async close(deadlineMs = 10_000) {
      const endMs = clock.monotonicMs() + deadlineMs;
      const undone = await uniform.drain(deadlineMs);
      await password.close();
      parts.readOnly.close();
      parts.epochs.close();
      const unsent = await watch.close(Math.max(0, endMs - clock.monotonicMs()));
      stores.close();
      const unwritten = (await audit?.drain(Math.max(0, endMs - clock.monotonicMs()))) ?? 0;
      const { refused = 0, bySink = {} } = audit?.dropped() ?? {};
      return undone + unsent + unwritten + Object.values(bySink).reduce((sum, lost) => sum + lost, refused);
    },
  } satisfies Portcullis);
}

/** The flows, and what several of them share. */
function flowsOf(parts: FlowParts) {
  const resets = createResetTickets(parts);
  const guard = createPasswordGuard(parts);
  const pendings = createPendingSignIns(parts);
  const tickets = createChallengeTickets(parts);
  return {
    signUp: createSignUp(parts),
    signIn: createSignIn(parts, { resets, guard, pendings, tickets }),
    signOut: createSignOut(parts),
    passwordChange: createPasswordChange(parts, guard),
    passwordReset: createPasswordReset(parts, resets, guard),
    secondFactor: createSecondFactor(parts, { pendings, guard }),
    enrollment: createEnrollment(parts, tickets),
    factors: createFactors(parts),
    challenge: createChallenge(parts, { tickets, pendings, guard, resets }),
    stepUp: createStepUp(parts, guard),
    access: createAccess(parts),
    recordExternalAuth: createExternalAuth(parts, { pendings, tickets }),
    emailChange: createEmailChange(parts, { resets, tickets, guard }),
    mfa: createMfaAdmin(parts),
  };
}

/** What an operator means by the end of an account's sessions: its known browsers and its open link to a new password end as well. */
function wholly(parts: FlowParts): SessionEpochs {
  const tickets = createResetTickets(parts);
  return Object.freeze({
    ...parts.epochs,
    async revokeUser(order) {
      await parts.epochs.revokeUser(order);
      await parts.devices.revokeAll(order.accountId);
      await tickets.end(order.accountId);
    },
  } satisfies SessionEpochs);
}

/** Loaded and made by its first use. */
function lazyIncident(make: () => Promise<IncidentResponse>): IncidentResponse {
  const made = lazyAsync(make);
  return Object.freeze({
    contain: async (plan) => (await made()).contain(plan),
    lift: async (order) => (await made()).lift(order),
    report: async (order) => (await made()).report(order),
    status: async (id) => (await made()).status(id),
  } satisfies IncidentResponse);
}

function lazyAuditFiles(make: () => Promise<AuditFiles>): AuditFiles {
  const made = lazyAsync(make);
  return Object.freeze({
    verify: async (options) => (await made()).verify(options),
    query: async (options) => (await made()).query(options),
    whatIf: async (options) => (await made()).whatIf(options),
  } satisfies AuditFiles);
}

/** One stream for the audit log, the monitor and the app's own hook. None can make a sign-in fail. */
function emitterOf(audit: AuditLog | undefined, onEvent: Emit | undefined, observe: Emit): Emit {
  const tell = harmless(onEvent);
  return (event) => {
    audit?.emit(event);
    observe(event);
    tell(event);
  };
}
