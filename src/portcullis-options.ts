import type { AuditLogOptions } from './audit/index.ts';
import type { BreachSource, RangeServiceOptions } from './breach/index.ts';
import type { AttackMonitorOptions } from './detect/index.ts';
import type { DevicesOptions } from './device/index.ts';
import type { ChallengeOptions, OwnFactor, Pathways } from './flows/factor-options.ts';
import type { LimitRuleName } from './flows/limit-keys.ts';
import { sessionPresets, type SessionLimits } from './flows/session-limits.ts';
import type { FlowLimits } from './flows/limits.ts';
import type { LinkPaths } from './flows/links.ts';
import type { EpochsOptions } from './epochs/index.ts';
import type { HasherOptions } from './hasher/index.ts';
import { systemClock } from './kernel/clock.ts';
import { isClusterWorker } from './kernel/cluster-worker.ts';
import { ConfigError, errorName, isPortcullisError } from './kernel/errors.ts';
import { canonicalIdentifier } from './kernel/identifier.ts';
import type { KeyRing } from './kernel/keys.ts';
import { callback, flag, group, integer, list, oneOf, optional, piece, port, readOptions, text, wrong, type OptionReader } from './kernel/options.ts';
import { systemRandom } from './kernel/random.ts';
import type { LimitRule } from './limiter/index.ts';
import type { LoginGuardOptions } from './login-guard/index.ts';
import { readRate } from './limiter/rules.ts';
import type { MfaPolicyOptions } from './mfa/index.ts';
import type { PasswordPolicyOptions } from './password/index.ts';
import type { IncidentOptions } from './flows/incident/parts.ts';
import type { ExposureSource } from './ports/exposure-source.ts';
import { ownFactor, pathwaysOption, strangersOption } from './portcullis-factor-options.ts';
import { storeTimesOption, type StoreTimes } from './portcullis-store-times.ts';
import type { Accounts } from './ports/accounts.ts';
import type { AlarmSink } from './ports/alarm.ts';
import type { Clock } from './ports/clock.ts';
import type { CounterStore } from './ports/counter-store.ts';
import type { EvidenceStore } from './ports/evidence-store.ts';
import type { Emit } from './ports/events.ts';
import type { Mailer } from './ports/mailer.ts';
import type { RandomSource } from './ports/random.ts';
import type { RecordStore } from './ports/record-store.ts';
import type { ReadOnlyModeOptions } from './read-only/index.ts';
import type { RecoveryOptions } from './recovery/index.ts';
import type { ForcedResetsOptions } from './resets/index.ts';
import { memoryStore } from './stores/memory/index.ts';
import { resilientCountersDefaults } from './stores/resilient/index.ts';
import type { TotpOptions } from './totp/index.ts';
import type { UniformOptions } from './uniform/index.ts';

/** What the wiring hands to every piece, and so no piece takes from the app. */
type Wired = 'keys' | 'clock' | 'emit' | 'random' | 'records';

type FlowLimitOptions = {
  readonly [L in keyof FlowLimits]?: L extends 'notice' | 'challenge' | 'enroll' | 'factorChange' ? { readonly account?: LimitRule } : { readonly [N in LimitRuleName]?: LimitRule };
};

/** What the response to incidents takes beside the pieces. */
export interface IncidentSettings extends Pick<IncidentOptions, 'pages' | 'signIns' | 'entries' | 'activity' | 'exposure' | 'mailsPerSecond'> {
  /** The `path` of the audit log's `fileSink`: answers who signed in from where, and what the entered accounts did. `signIns` and `entries` of your own go before it. */
  readonly auditPath?: string | undefined;
}

/** Where alarms go: `webhookSink`, `slackSink`, `mailSink` of `portcullis/detect`, and functions of the app's own. */
export interface DetectSettings extends Pick<AttackMonitorOptions, 'onAlarm' | 'onLevel'> {
  readonly sinks?: readonly AlarmSink[];
}

export interface PortcullisOptions {
  /** `createKeyRing(...)`: the secrets, newest first. */
  readonly keys: KeyRing;
  /** Where people reach the app, e.g. `https://app.example.com`. Links in mails begin with it, never with a Host header. */
  readonly baseUrl: string;
  readonly accounts: Accounts;
  readonly mailer: Mailer;
  /** Default: one `memoryStore()`, gone with the process and unknown to every other one. */
  readonly counters?: CounterStore;
  readonly records?: RecordStore;
  /** Evidence about attempts to sign in. Default: the store of `counters` where it keeps evidence, else this process alone. */
  readonly evidence?: EvidenceStore;
  /** From when on more than a password is asked for. */
  readonly loginGuard?: Omit<LoginGuardOptions, Wired | 'evidence'>;
  /** What attacks are told to, and how. */
  readonly detect?: DetectSettings;
  /** Pages that mails link to. Default /login, /signup, /confirm, /forgot, /reset, /challenge, /not-me, /confirm-email. */
  readonly paths?: Partial<LinkPaths>;
  /**
   * Makes equal identifiers equal, at least those that the app's table finds equal. Default: NFKC, trim, lower case. Mails for
   * sign-ups go to the result.
   */
  readonly canonicalize?: (identifier: string) => string;
  /** The rates, and `mode: 'observe'` to report what would be refused and refuse nothing. */
  readonly limits?: FlowLimitOptions & { readonly mode?: 'observe' | 'enforce' };
  readonly hasher?: Omit<HasherOptions, Wired>;
  readonly password?: Omit<PasswordPolicyOptions, Wired | 'commonList' | 'breach'>;
  /** How the range service is asked, or `sources` of your own in its place and that of the embedded list. */
  readonly breach?: { readonly rangeService?: Omit<RangeServiceOptions, Wired>; readonly sources?: readonly BreachSource[] };
  readonly uniform?: Omit<UniformOptions, Wired>;
  /** Browsers that an account knows. */
  readonly devices?: Omit<DevicesOptions, Wired>;
  /** Authenticator apps. `issuer` default: the host of `baseUrl`. */
  readonly totp?: Partial<Omit<TotpOptions, Wired>>;
  readonly recovery?: Omit<RecoveryOptions, Wired>;
  readonly mfa?: Omit<MfaPolicyOptions, Wired>;
  readonly epochs?: Omit<EpochsOptions, Wired>;
  readonly resets?: Omit<ForcedResetsOptions, Wired>;
  /** `false`: no read-only mode, and nothing that looks after it twice a second. */
  readonly readOnly?: Omit<ReadOnlyModeOptions, Wired> | false;
  /** Where `incident.contain` and `incident.report` find people: pages of the user table, the audit log, an exposure source. */
  readonly incident?: IncidentSettings;
  /** How old proofs may be, and a second factor of the app's own. */
  readonly secondFactor?: { readonly freshForMs?: number; readonly knownForMs?: number; readonly own?: OwnFactor };
  /** How long a session lives: a preset of SP 800-63B-4 (`aal1`: 30 days; `aal2`: 24 hours and 1 hour idle; `aal3`: 12 hours and 15 minutes) or figures. Default `aal1`. */
  readonly sessions?: keyof typeof sessionPresets | SessionLimits;
  /** What a sign-in is asked for beside the password. */
  readonly challenge?: Partial<ChallengeOptions>;
  /** Ways in beside the password, by name: `{ google: { secondFactorAmr: ['mfa'] }, 'magic-link': {} }`. One that is not here is refused. */
  readonly pathways?: Pathways;
  /** Where the audit log goes. Default: nowhere. */
  readonly audit?: Omit<AuditLogOptions, Wired>;
  /** Sees every event as it happens, plain addresses included. For metrics. */
  readonly onEvent?: Emit;
  /** Sees unexpected errors whole: those of your database and your mailer, for example. Default: `process.emitWarning` with the error's name. */
  readonly reportError?: (error: unknown) => void;
  /** How many processes of the app share `counters`. While that store is away each of them gives out its part of every limit. Default 1. */
  readonly processes?: number;
  /** When a store counts as away, and how long what was read last of its orders is believed then. */
  readonly stores?: StoreTimes;
  /** Time that the app's table has for one answer, ms. Default 2,000. Slow counts as down. */
  readonly storeDeadlineMs?: number;
  /** Allows an `http:` `baseUrl` that is not on this machine. Links with secrets would travel in the clear. */
  readonly dangerouslyAllowHttp?: boolean;
  /** Allows, where `NODE_ENV` is `production`, records that end with the process: a used code works again after a restart. */
  readonly dangerouslyAllowVolatileRecords?: boolean;
  /** Allows, where `NODE_ENV` is `production` and this is one of several cluster workers, counters of its own: every limit is as many times as high. */
  readonly dangerouslyCountPerProcess?: boolean;
  readonly clock?: Clock;
  readonly random?: RandomSource;
}

const sessionsOption: OptionReader<SessionLimits> = (given, name) => {
  if (typeof given !== 'object') return sessionPresets[oneOf(['aal1', 'aal2', 'aal3'], 'aal1')(given, name)];
  const most = 400 * 24 * 3_600_000;
  return readOptions(name, given, { absoluteMs: integer({ min: 60_000, max: most }), idleMs: integer({ min: 60_000, max: most }) });
};

const pathOption =
  (fallback: string): OptionReader<string> =>
  (given, name) => {
    const path = text(fallback)(given, name);
    if (!/^\/(?!\/)[^\s#]*$/.test(path)) throw wrong(name, 'a path that begins with one slash', given);
    return path;
  };

const unlessOff =
  <T>(read: OptionReader<T>): OptionReader<T | false> =>
  (given, name) =>
    given === false ? false : read(given, name);

/** Read here as well as by the limiter, so that a complaint names the option as the app wrote it. */
const rule = optional<LimitRule>((given, name) => {
  readRate(given, name);
  return { ...(given as LimitRule) };
});
const rules = group({ address: rule, site: rule, noAddress: rule, account: rule, device: rule });

const limitsOption = group({
  mode: oneOf(['observe', 'enforce'], 'enforce'),
  signIn: rules,
  signUp: rules,
  mail: rules,
  code: rules,
  passwordChange: rules,
  secondFactor: rules,
  challenge: group({ account: rule }),
  enroll: group({ account: rule }),
  factorChange: group({ account: rule }),
  notice: group({ account: rule }),
});

const incidentOption = group({
  pages: optional(callback<NonNullable<IncidentSettings['pages']>>()),
  signIns: optional(callback<NonNullable<IncidentSettings['signIns']>>()),
  entries: optional(callback<NonNullable<IncidentSettings['entries']>>()),
  activity: optional(callback<NonNullable<IncidentSettings['activity']>>()),
  exposure: optional(port<ExposureSource>(['check'])),
  mailsPerSecond: optional(integer({ min: 1, max: 1_000 })),
  auditPath: optional(text()),
});

/** Parses the options once. `emit` is what a store made here reports to. Throws ERR_CONFIG. */
export function readPortcullisOptions(options: PortcullisOptions, emit: Emit) {
  const store = memoryOnDemand(() => options.clock, emit);
  const parsed = readOptions('portcullis', options, {
    keys: port<KeyRing>(['digest', 'digests', 'oldestDigest', 'derive', 'seal', 'open'], undefined, 'createKeyRing()'),
    baseUrl: text(),
    accounts: port<Accounts>(['findByIdentifier', 'findById', 'create', 'replacePasswordHash', 'setBreachRecheck', 'setSecondFactor']),
    mailer: port<Mailer>(['send']),
    counters: port<CounterStore>(['take', 'giveBack', 'peek', 'clear'], store),
    records: port<RecordStore>(['read', 'compareAndSet', 'watch'], store),
    paths: group({ signIn: pathOption('/login'), signUp: pathOption('/signup'), confirm: pathOption('/confirm'), forgot: pathOption('/forgot'), reset: pathOption('/reset'), challenge: pathOption('/challenge'), disown: pathOption('/not-me'), confirmEmail: pathOption('/confirm-email') }),
    canonicalize: callback<(identifier: string) => string>(canonicalIdentifier),
    limits: limitsOption,
    evidence: optional(port<EvidenceStore>(['reserve', 'settle'])),
    loginGuard: piece<Omit<LoginGuardOptions, Wired | 'evidence'>>(),
    detect: group({ sinks: list(port<AlarmSink>(['send']), []), onAlarm: optional(callback<NonNullable<DetectSettings['onAlarm']>>()), onLevel: optional(callback<NonNullable<DetectSettings['onLevel']>>()) }),
    hasher: piece<Omit<HasherOptions, Wired>>(),
    password: piece<Omit<PasswordPolicyOptions, Wired | 'commonList' | 'breach'>>(),
    breach: group({ rangeService: piece<Omit<RangeServiceOptions, Wired>>(), sources: optional(list<BreachSource>(port<BreachSource>(['check']))) }),
    uniform: piece<Omit<UniformOptions, Wired>>(),
    devices: piece<Omit<DevicesOptions, Wired>>(),
    totp: piece<Partial<Omit<TotpOptions, Wired>>>(),
    recovery: piece<Omit<RecoveryOptions, Wired>>(),
    mfa: piece<Omit<MfaPolicyOptions, Wired>>(),
    epochs: piece<Omit<EpochsOptions, Wired>>(),
    resets: piece<Omit<ForcedResetsOptions, Wired>>(),
    incident: incidentOption,
    readOnly: unlessOff(piece<Omit<ReadOnlyModeOptions, Wired>>()),
    secondFactor: group({
      freshForMs: integer({ min: 10_000, max: 24 * 3_600_000, fallback: 15 * 60_000 }),
      knownForMs: integer({ min: 0, max: 365 * 24 * 3_600_000, fallback: 24 * 3_600_000 }),
      own: optional(ownFactor),
    }),
    sessions: sessionsOption,
    challenge: group({ strangers: strangersOption, own: optional(callback<NonNullable<ChallengeOptions['own']>>()) }),
    pathways: pathwaysOption,
    audit: optional(piece<Omit<AuditLogOptions, Wired>>()),
    onEvent: optional(callback<Emit>()),
    reportError: callback<(error: unknown) => void>(warnOf),
    processes: integer({ min: 1, max: 100_000, fallback: resilientCountersDefaults.processes }),
    stores: storeTimesOption,
    storeDeadlineMs: integer({ min: 10, max: 60_000, fallback: 2_000 }),
    dangerouslyAllowHttp: flag(false),
    dangerouslyAllowVolatileRecords: flag(false),
    dangerouslyCountPerProcess: flag(false),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    random: callback<RandomSource>(systemRandom),
  });
  checkBaseUrl(parsed.baseUrl, parsed.dangerouslyAllowHttp);
  checkRecords(parsed.records, parsed.dangerouslyAllowVolatileRecords);
  checkCounters(parsed.counters, parsed.dangerouslyCountPerProcess);
  return parsed;
}

export type ParsedPortcullisOptions = ReturnType<typeof readPortcullisOptions>;

/** One memory store for both ports, made when the first of them needs it. */
function memoryOnDemand(clockOf: () => Clock | undefined, emit: Emit) {
  let store: ReturnType<typeof memoryStore> | undefined;
  return () => {
    const clock = clockOf();
    return (store ??= memoryStore({ emit, ...(clock !== undefined && { clock }) }));
  };
}

function warnOf(error: unknown): void {
  const what = isPortcullisError(error) ? error.message : `unexpected ${errorName(error)}; its message may hold personal data, set the option reportError to see it`;
  process.emitWarning(`portcullis: ${what}`, { code: 'PORTCULLIS_UNEXPECTED' });
}

function checkBaseUrl(given: string, allowHttp: boolean): void {
  const url = URL.parse(given);
  // By its letters too: links in mails begin with what was given, not with what a parser makes of it.
  if (url === null || !/^https?:\/\/[^\s?#@\\]+$/i.test(given)) {
    throw wrong('portcullis.baseUrl', 'an https: address without credentials, query or fragment', given);
  }
  const local = url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);
  if (url.protocol === 'http:' && !local && !allowHttp) throw new ConfigError('portcullis.baseUrl: expected https:; http: needs dangerouslyAllowHttp');
}

/** Eight workers that count each for itself let eight times as many guesses pass. */
function checkCounters({ shared }: CounterStore, allowPerProcess: boolean): void {
  if (shared || allowPerProcess || process.env['NODE_ENV'] !== 'production' || !isClusterWorker()) return;
  throw new ConfigError('portcullis.counters: expected a store that the workers of a cluster share, such as sqliteStore(path) of portcullis/sqlite; another one needs dangerouslyCountPerProcess');
}

/** After a restart, used codes and spent caps would be good again, and a second factor would be gone. */
function checkRecords({ durable }: RecordStore, allowVolatile: boolean): void {
  if (durable || allowVolatile || process.env['NODE_ENV'] !== 'production') return;
  throw new ConfigError('portcullis.records: expected a store that outlives the process, such as sqliteStore(path) of portcullis/sqlite; another one needs dangerouslyAllowVolatileRecords');
}
