/** What a guard would have done to an attempt to sign in. */
export type WhatIfVerdict = 'step-up' | 'refuse';

/**
 * What came of an attempt that went on. `entered`: got in by what was shown. `asked-anyway`: was asked for a second factor or a mailed link all the same, and
 * got in; `unfinished`: was asked, and did not. `unknown`: the log does not say.
 */
export type WhatIfOutcome = 'entered' | 'asked-anyway' | 'unfinished' | 'failed' | 'unknown';

/** One decision of a guard that only observed. */
export interface ObservedDecision {
  readonly guard: 'limiter' | 'login-guard';
  /** The limiter's name. */
  readonly limiter?: string;
  /** The form that the login guard would have closed, where it is not that for signing in. */
  readonly flow?: string;
  readonly verdict: WhatIfVerdict;
  readonly reasons: readonly string[];
}

/** A network as a report tells of it. */
export interface Where {
  /** What one client controls: an IPv4 address or an IPv6 /64; a wider network where the log keeps no more. */
  readonly key: string;
  readonly masked: string;
  /** Whether `key` shows more than `masked`. */
  readonly exact: boolean;
}

/** One attempt to sign in. */
export interface WhatIfAttempt {
  readonly time: string;
  readonly atMs: number;
  readonly where: Where | undefined;
  /** The id, or `name:` and the digest of what was typed where nobody has it. */
  account: string | undefined;
  /** Those of guards that only observed. */
  readonly decisions: ObservedDecision[];
}

/** Where an attempt comes from and whom it names: what its entries have in common. */
export interface AttemptEntry {
  readonly time: string;
  readonly atMs: number;
  readonly account: string | undefined;
  readonly nameTag: string | undefined;
  readonly where: Where | undefined;
}

/** A log's time between the decision on an attempt and its end. */
const attemptMs = 30_000;
/** As long as a pending sign-in or a mailed link lives, and some more. */
const pendingMs = 15 * 60_000;
const maxOpen = 50_000;
/** At one name and address at once. */
const maxQueued = 500;
const maxPending = 50_000;

/**
 * Puts the entries of an attempt together again: they share the name's digest and the address, and their order is that of the attempt. Of several at
 * once at one name and address the sums are right, and who of them is who may not be. Memory is bounded: the oldest end as `unknown` or `unfinished`.
 */
export function createAttempts(ended: (attempt: WhatIfAttempt, outcome: WhatIfOutcome) => void) {
  const open = createOpenAttempts((attempt) => { ended(attempt, 'unknown'); });
  const pending = new Map<string, WhatIfAttempt>();

  function wait(account: string, attempt: WhatIfAttempt): void {
    leave(account);
    pending.set(account, attempt);
    const [oldest] = pending.keys();
    if (pending.size > maxPending && oldest !== undefined) leave(oldest);
  }

  function leave(account: string): void {
    const attempt = pending.get(account);
    pending.delete(account);
    if (attempt !== undefined) ended(attempt, 'unfinished');
  }

  /** The second step of a sign-in names the account alone. */
  function secondStep({ account, nameTag, atMs }: AttemptEntry): WhatIfAttempt | undefined {
    const first = account === undefined || nameTag !== undefined ? undefined : pending.get(account);
    if (first === undefined || account === undefined || Math.abs(atMs - first.atMs) > pendingMs) return undefined;
    pending.delete(account);
    return first;
  }

  return {
    decided(entry: AttemptEntry, decision: ObservedDecision): void {
      open.decide(entry, decision);
    },
    succeeded(entry: AttemptEntry): void {
      const first = secondStep(entry);
      if (first === undefined) ended(open.take(entry), 'entered');
      else ended(first, 'asked-anyway');
    },
    pending(entry: AttemptEntry): void {
      const attempt = open.take(entry);
      if (attempt.account === undefined) ended(attempt, 'unfinished');
      else wait(attempt.account, attempt);
    },
    failed(entry: AttemptEntry): void {
      ended(secondStep(entry) ?? open.take(entry), 'failed');
    },
    end(): void {
      open.end();
      for (const account of [...pending.keys()]) leave(account);
    },
  };
}

/** Attempts that were decided on, and whose end has not been read yet. */
function createOpenAttempts(lost: (attempt: WhatIfAttempt) => void) {
  const queues = new Map<string, WhatIfAttempt[]>();
  /** The oldest first. */
  const keyOf = new Map<WhatIfAttempt, string>();

  function remove(attempt: WhatIfAttempt): void {
    const key = keyOf.get(attempt) ?? '';
    const queue = queues.get(key) ?? [];
    keyOf.delete(attempt);
    queue.splice(queue.indexOf(attempt), 1);
    if (queue.length === 0) queues.delete(key);
  }

  function forget(nowMs: number): void {
    for (const attempt of keyOf.keys()) {
      if (keyOf.size <= maxOpen && Math.abs(nowMs - attempt.atMs) <= attemptMs) return;
      remove(attempt);
      lost(attempt);
    }
  }

  return {
    decide(entry: AttemptEntry, decision: ObservedDecision): void {
      forget(entry.atMs);
      const key = nameOf(entry);
      const queue = queues.get(key) ?? [];
      // One attempt is decided on once by each guard.
      let attempt = queue.find(({ decisions }) => !decisions.some((each) => isOfOneKind(each, decision)));
      if (attempt === undefined) {
        attempt = attemptOf(entry);
        queues.set(key, queue);
        queue.push(attempt);
        keyOf.set(attempt, key);
      }
      attempt.decisions.push(decision);
      const [oldest] = queue;
      if (queue.length <= maxQueued || oldest === undefined) return;
      remove(oldest);
      lost(oldest);
    },
    /** The one that ends with this entry, or one that nobody has decided on. */
    take(entry: AttemptEntry): WhatIfAttempt {
      forget(entry.atMs);
      const [attempt] = queues.get(nameOf(entry)) ?? [];
      if (attempt === undefined) return attemptOf(entry);
      remove(attempt);
      attempt.account = entry.account ?? attempt.account;
      return attempt;
    },
    end(): void {
      for (const attempt of [...keyOf.keys()]) {
        remove(attempt);
        lost(attempt);
      }
    },
  };
}

/** The budget of a known browser and that of its name may both speak of one attempt. */
function isOfOneKind(one: ObservedDecision, other: ObservedDecision): boolean {
  const isDevice = ({ reasons }: ObservedDecision): boolean => reasons[0] === 'device';
  return one.guard === other.guard && isDevice(one) === isDevice(other);
}

function nameOf({ nameTag, account, where }: AttemptEntry): string {
  return JSON.stringify([nameTag ?? (account === undefined ? null : { account }), where?.key ?? null]);
}

function attemptOf({ time, atMs, account, nameTag, where }: AttemptEntry): WhatIfAttempt {
  return { time, atMs, where, account: account ?? (nameTag === undefined ? undefined : `name:${nameTag}`), decisions: [] };
}
