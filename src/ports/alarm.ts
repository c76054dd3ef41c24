/** What an attack looks like. Closed: everything that counts or names alarms has a line for each. */
export type AlarmKind =
  | 'signup-enumeration'
  | 'forgot-enumeration'
  | 'login-enumeration'
  | 'stuffing'
  | 'spraying'
  | 'brute-force'
  | 'many-accounts'
  | 'mass-signup'
  | 'token-guessing'
  | 'recovery-code-guessing'
  | 'slow-stuffing'
  | 'leaked-passwords'
  /** No attack: requests come without a network address, so that nobody can be told from anybody. */
  | 'no-address';

/** OWASP Automated Threats: token cracking, credential cracking, credential stuffing, account creation. */
export type OatId = 'OAT-002' | 'OAT-007' | 'OAT-008' | 'OAT-019';

export type AlarmLevel = 'elevated' | 'attack';

/** How things stand now: the highest level of the alarms that are on. */
export type AttackLevel = 'calm' | AlarmLevel;

/** Somebody who signed in from where an attack came from, while it went on. */
export interface EnteredAccount {
  readonly accountId: string;
  readonly atMs: number;
  /** The plain network. It stays inside the process. */
  readonly source: string;
  /** The account knew the browser: its owner, unless a thief has come in before. */
  readonly knownDevice: boolean;
  /** A password and nothing more was asked for. */
  readonly passwordOnly: boolean;
}

/** One attack, as it stands. The same `id` comes again with a higher `count`. */
export interface Alarm {
  /** The kind, the cause and the hour: one alarm of each. It may hold a network or an account, as `cause` may. */
  readonly id: string;
  readonly kind: AlarmKind;
  /** Absent for `no-address`. */
  readonly oat?: OatId;
  readonly level: AlarmLevel;
  /** The first and the newest sign of it, whole ms since 1970. */
  readonly sinceMs: number;
  readonly lastMs: number;
  /** What was counted since then. It only grows. */
  readonly count: number;
  /** What all of it has in common, in a word: a network, an account, `everywhere`. */
  readonly cause: string;
  /** Plain networks, the busiest first, at most 20. They stay inside the process. */
  readonly sources: readonly string[];
  /** Accounts that were tried: how many, and the first 100 of them. */
  readonly accounts: { readonly total: number; readonly ids: readonly string[] };
  /**
   * Who came in, each account once, at most 1,000: the list to contain. Strangers inside the attack by a password alone stand first, then other
   * strangers, then known browsers at the same networks, who may be neighbors.
   */
  readonly entered: readonly EnteredAccount[];
  /** How many accounts came in, those that the list has no room for among them. */
  readonly enteredTotal: number;
  /** It comes from anywhere: `entered` names every stranger since a day before it began, most of whom are themselves. */
  readonly isSpread: boolean;
  /** It has ended; the last state of this alarm. */
  readonly isOver: boolean;
  /** The figures that raised it, by the detector's own names: letters and digits. */
  readonly evidence: Readonly<Record<string, number | string>>;
  /** One sentence for the person who is woken at night. */
  readonly summary: string;
}

/** What the error of a sink may say beside its message. Without any of it, the alarm is tried again. */
export interface AlarmRefusal {
  /** `give-up`: this alarm is lost to the sink. `stop`: it never wants another one. Default `again`. */
  readonly retry?: 'again' | 'give-up' | 'stop';
  /** How long the sink wants to be left alone. */
  readonly retryAfterMs?: number;
}

/** Where alarms go. `name` stands in `alarm.sink-failed`: 1 to 64 letters, digits, `.`, `_` or `-`. */
export interface AlarmSink {
  readonly name: string;
  /** A throw or a rejection means that it was not taken; see {@link AlarmRefusal}. `signal` aborts what is given up. */
  send(alarm: Alarm, signal: AbortSignal): void | Promise<void>;
}
