import { createAuditLog, type AuditLog } from './audit/index.ts';
import { commonList, createBreachLookup, rangeService, type BreachLookup } from './breach/index.ts';
import { accountsInTime, recordsInTime } from './flows/in-time.ts';
import { createLimitKeys } from './flows/limit-keys.ts';
import { flowLimitDefaults, type FlowLimits } from './flows/limits.ts';
import { createLinks } from './flows/links.ts';
import { createPasswordChange, type PasswordChange } from './flows/password-change.ts';
import { createPasswordReset, type PasswordReset } from './flows/password-reset.ts';
import type { FlowLimiters, FlowParts } from './flows/parts.ts';
import { createResetTickets } from './flows/reset-tickets.ts';
import { createSignIn, type SignIn } from './flows/sign-in.ts';
import { createSignOut, type SignOut } from './flows/sign-out.ts';
import { createSignUp, type SignUp } from './flows/sign-up.ts';
import { createHasher, type Hasher } from './hasher/index.ts';
import { harmless } from './kernel/harmless.ts';
import { createAddressCheck, createLimiter, type AddressFacts, type LimitRule } from './limiter/index.ts';
import { createPasswordPolicy, type PasswordPolicy } from './password/index.ts';
import { readPortcullisOptions, type ParsedPortcullisOptions, type PortcullisOptions } from './portcullis-options.ts';
import type { Emit } from './ports/events.ts';
import type { Mailer } from './ports/mailer.ts';
import { createUniformReplies, type UniformReplies } from './uniform/index.ts';

/** Every piece, wired with one key ring, one pair of stores and one stream of events. */
export interface Portcullis {
  readonly signUp: SignUp;
  readonly signIn: SignIn;
  readonly signOut: SignOut;
  readonly passwordChange: PasswordChange;
  readonly passwordReset: PasswordReset;
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
  /** Waits for mails, other work after answers and the audit log, at most `deadlineMs` (default 10,000), and ends the threads. Answers how much was left undone. */
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
  const { keys, clock, random, counters, records, accounts, mailer, storeDeadlineMs, canonicalize, reportError } = parsed;
  const audit = parsed.audit && createAuditLog({ ...parsed.audit, keys, clock, random });
  emit = emitterOf(audit, parsed.onEvent);
  const list = commonList();
  const breach = createBreachLookup({ sources: parsed.breach.sources ?? [list, rangeService({ ...parsed.breach.rangeService, clock, emit })], clock, emit });
  const password = createPasswordPolicy({ ...parsed.password, commonList: list, breach, clock, emit });
  const hasher = createHasher({ ...parsed.hasher, keys, clock, random, emit });
  const uniform = createUniformReplies({ ...parsed.uniform, clock, emit });
  const limits = { clock, emit, deadlineMs: storeDeadlineMs };
  const told = harmless(reportError);
  const parts: FlowParts = {
    accounts: accountsInTime(accounts, limits),
    records: recordsInTime(records, limits),
    mailer: reporting(mailer, told),
    links: createLinks(parsed.baseUrl, parsed.paths),
    hasher,
    password,
    breach,
    uniform,
    limiters: limitersOf(parsed, emit),
    limitKeys: createLimitKeys({ keys, shared: counters.shared }),
    keys,
    canonicalize,
    random,
    clock,
    emit,
    reportError: told,
  };
  const tickets = createResetTickets(parts);

  return Object.freeze({
    signUp: createSignUp(parts),
    signIn: createSignIn(parts, tickets),
    signOut: createSignOut(parts),
    passwordChange: createPasswordChange(parts),
    passwordReset: createPasswordReset(parts, tickets),
    hasher,
    password,
    breach,
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
      return undone + ((await audit?.drain(Math.max(0, endMs - clock.monotonicMs()))) ?? 0);
    },
  } satisfies Portcullis);
}

/** One stream for the audit log and the app's own hook. Neither can make a sign-in fail. */
function emitterOf(audit: AuditLog | undefined, onEvent: Emit | undefined): Emit {
  const tell = harmless(onEvent);
  return (event) => {
    audit?.emit(event);
    tell(event);
  };
}

/** A mail is sent after its answer, where nobody sees it fail: the app's developer is told as well as the event stream. */
function reporting(mailer: Mailer, report: (error: unknown) => void): Mailer {
  return {
    async send(mail) {
      try {
        await mailer.send(mail);
      } catch (error) {
        report(error);
        throw error;
      }
    },
  };
}

function limitersOf({ counters: store, limits, clock }: ParsedPortcullisOptions, emit: Emit): FlowLimiters {
  const { mode, ...own } = limits;
  const limiter = <Name extends string>(flow: keyof FlowLimits, name: string) => {
    const rules = { ...flowLimitDefaults[flow], ...withoutAbsent(own[flow]) } as Readonly<Record<Name, LimitRule>>;
    // `observe` is there so that nobody is turned away; a notice turns nobody away, and without a limit it floods a mailbox.
    return createLimiter({ name, rules, store, mode: flow === 'notice' ? 'enforce' : mode, clock, emit });
  };
  return {
    signIn: limiter('signIn', 'sign-in'),
    signUp: limiter('signUp', 'sign-up'),
    mail: limiter('mail', 'mail'),
    code: limiter('code', 'code'),
    passwordChange: limiter('passwordChange', 'password-change'),
    notice: limiter('notice', 'notice'),
  };
}

function withoutAbsent(rules: Readonly<Record<string, LimitRule | undefined>>): Readonly<Record<string, LimitRule>> {
  return Object.fromEntries(Object.entries(rules).filter((entry): entry is [string, LimitRule] => entry[1] !== undefined));
}
