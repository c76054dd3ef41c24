import type { EvidenceStore, SecurityEvent } from 'portcullis';
import type { FakeClock } from 'portcullis/testing';
import { ours } from '../../bench/defence/policies/ours/index.ts';
import type { LoginAttempt, LoginOutcome, Probe } from '../../bench/defence/policy.ts';

/** What was done in one call, as plain texts: they are compared as they are. */
export interface Seen {
  /** As the person sees it, and what the owner is mailed. */
  readonly outcome: string;
  /** What the evidence was asked and told, and what it knew: when the guard is asked, and what is settled as what. */
  readonly asked: readonly string[];
  /** What the monitor is told: the guard's reasons among it. */
  readonly told: readonly string[];
}

/** The sign-in and its forms, in the simulator or in the product. */
export interface Side {
  signIn(attempt: LoginAttempt): Promise<Seen>;
  /** What the last sign-in asked for is given: a link is opened, a factor given, the password replaced where the mail was for that. */
  giveMore(attempt: LoginAttempt, newPassword: string): Promise<Seen>;
  /** A form without a password. Completed: the mail is answered at once, and `newPassword` chosen. */
  ask(probe: Probe, browserId: string | undefined, newPassword: string): Promise<Seen>;
  /** Kinds of the alarms so far, in their order. */
  alarms(): readonly string[];
  close(): Promise<void>;
}

export interface SiteOptions {
  readonly clock: FakeClock;
  /** Whether a list of leaked passwords is asked. */
  readonly list: boolean;
  /** Whether strangers can be asked for a mailed link. */
  readonly stepUp: boolean;
  /** What is on it. May grow. */
  readonly leaked: ReadonlySet<string>;
  readonly accounts: readonly { readonly id: string; readonly name: string; readonly password: string; readonly secondFactor: boolean }[];
}

export type Notes = ReturnType<typeof makeNotes>;

/** Notes what one side does, until it is asked for. */
export function makeNotes() {
  let asked: string[] = [];
  let told: string[] = [];
  return {
    /** Stands before the evidence. Of a password only its failures need be known. */
    tapped(inner: EvidenceStore): EvidenceStore {
      return {
        ...inner,
        reserve(attempt) {
          const standing = inner.reserve(attempt);
          asked.push(textOf({ reserve: attempt, standing }));
          return standing;
        },
        settle(outcome) {
          const { attempt, ...rest } = outcome.as === 'known' ? { ...outcome, attempt: undefined } : outcome;
          asked.push(textOf({ settle: rest, ...(attempt && { attempt: { ...attempt, ...(outcome.as !== 'failed' && { password: undefined }) } }) }));
          return inner.settle(outcome);
        },
      };
    },
    tell(event: SecurityEvent) {
      const line = lineOf(event);
      if (line !== undefined) told.push(line);
    },
    seen(outcome: string): Seen {
      // In no order: the product waits for no settlement, so that what it leads to is told later.
      const seen = { outcome, asked, told: told.toSorted() };
      [asked, told] = [[], []];
      return seen;
    },
  };
}

/** Numbers to four places: a charge fades a little while a mail is on its way. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'number' ? Number(each.toFixed(4)) : each));
}

/** What the monitor reads of each event. */
const readOf: ReadonlyMap<string, readonly string[]> = new Map(Object.entries({
  'sign-in.failed': ['reason', 'knownDevice', 'repeated', 'reasons'],
  'sign-in.succeeded': ['proofs', 'stage', 'knownDevice'],
  'sign-in.pending': ['needs'],
  'limiter.refused': ['limiter'],
  'sign-up.requested': ['outcome'],
  'sign-up.confirmed': [],
  'password-reset.requested': ['outcome'],
  'password-reset.succeeded': [],
  'login-guard.decided': ['verdict', 'reasons', 'flow'],
  'login-guard.surge': ['state', 'test'],
}));

function lineOf(event: SecurityEvent): string | undefined {
  const fields = readOf.get(event.type);
  const given = event as Readonly<Record<string, unknown>>;
  // Of the budget of a known browser the monitor counts nothing; the simulator does not report it.
  if (fields === undefined || given['rule'] === 'device') return undefined;
  const read = fields.filter((field) => given[field] !== undefined).map((field) => `${field} ${String(given[field])}`);
  return [event.type, ...read, ...(typeof given['accountId'] === 'string' ? ['of an account'] : []), ...(typeof given['address'] === 'string' ? [`from ${given['address']}`] : [])].join(', ').replaceAll('webauthn', 'totp');
}

/** The policy of the bench, with what the policies of its list have: `default`, `leaked` and `no-step-up`. */
export function simulator({ clock, list, stepUp, accounts }: SiteOptions): Side {
  const notes = makeNotes();
  const policy = ours({ name: 'ours', list, stepUp, cookies: true, without: { evidence: (inner) => notes.tapped(inner) }, onEvent: (event) => { notes.tell(event); } })({ clock, seed: 1, accounts: accounts.length });
  return {
    signIn: async (attempt) => notes.seen(outcomeOf(attempt, await policy.attempt(attempt))),
    async giveMore(attempt) {
      await policy.finished?.(attempt, 'owner');
      return notes.seen('in');
    },
    async ask(probe) {
      const { ok } = (await policy.probe?.(probe)) ?? { ok: false };
      if (ok && probe.completed && probe.flow === 'forgot') policy.passwordChanged?.(accounts.find(({ name }) => name === probe.name)?.id ?? '', probe.nowMs);
      return notes.seen(ok ? (probe.completed ? 'done' : 'received') : 'limited');
    },
    alarms: () => policy.alarms().map(({ kind }) => kind),
    close: async () => policy.close?.(),
  };
}

/** The words that both sides are compared in. */
function outcomeOf({ secondFactor }: LoginAttempt, outcome: LoginOutcome): string {
  if (outcome.as === 'denied') return outcome.retryAfterMs === undefined ? 'wrong' : 'limited';
  if (outcome.as === 'wrong') return 'wrong';
  if (outcome.as === 'step-up' && outcome.mustChange === true) return 'another password';
  if (outcome.as === 'step-up' && outcome.reason === 'too many failures') return 'another password';
  if (secondFactor) return 'second factor';
  return outcome.as === 'step-up' ? 'link' : outcome.mustChange === true ? 'in, to change the password' : 'in';
}
