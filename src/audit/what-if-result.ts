import type { KeyRing } from '../kernel/keys.ts';
import type { AuditReveal } from './query.ts';
import type { Where, WhatIfVerdict } from './what-if-attempts.ts';
import { createTally, shownNetwork, type EnteredAttempt, type WhatIfDay, type WhatIfRule } from './what-if-tally.ts';
import type { Row, WhatIfCounts } from './what-if-top.ts';

/** A sign-in that got in, and would not have by a password alone. */
export interface WhatIfEntry {
  readonly time: string;
  readonly account?: string;
  readonly network?: string;
  readonly networkTag?: string;
  /** All attempts from that network that failed, and that got in. Absent where there are too many networks to keep it apart. */
  readonly networkFailed?: number;
  readonly networkEntered?: number;
  readonly verdict: WhatIfVerdict;
  /** `sign-in/account` of a limiter, `source` of the login guard. */
  readonly because: readonly string[];
  /** Whether it was asked for a second factor or a mailed link all the same: asking for more would have changed nothing. */
  readonly askedAnyway: boolean;
}

/** Attempts of one network, or at one account, that would have been turned away or asked for more. */
export interface WhatIfTop extends WhatIfCounts {
  readonly refuse: number;
  readonly stepUp: number;
}

export interface WhatIfNetwork extends WhatIfTop {
  /** Masked (IPv4 by /24, IPv6 by /48) unless it is revealed: an IPv4 address or an IPv6 /64. */
  readonly network: string;
  /** A keyed digest: tells two networks apart that look alike when masked. */
  readonly networkTag: string;
  /** How many accounts it tried, up to 32. */
  readonly accounts: number;
  /** All that came from it, also what no guard cared for. */
  readonly all: WhatIfCounts;
}

export interface WhatIfAccount extends WhatIfTop {
  /** The id, or `name:` and a keyed digest of a name that nobody has. */
  readonly account: string;
  /** From how many networks, up to 32. */
  readonly networks: number;
}

interface Group<T> {
  readonly count: number;
  /** Whether there are more than `count`. */
  readonly atLeast: boolean;
  /** Whether counts of single ones may be too low, since there are so many. */
  readonly approximate: boolean;
  /** The busiest first. */
  readonly top: readonly T[];
}

export interface AuditWhatIfResult {
  /** All attempts to sign in. */
  readonly signIns: WhatIfCounts;
  /** Those that would have been turned away (with the answer to a wrong password, or 429). */
  readonly refuse: WhatIfCounts;
  /** Those that would have been asked for more. Nobody is counted in both. */
  readonly stepUp: WhatIfCounts;
  /** All decisions of guards, those of other limits than the sign-in's too, the most frequent first. */
  readonly rules: readonly WhatIfRule[];
  readonly networks: Group<WhatIfNetwork>;
  readonly accounts: Group<WhatIfAccount>;
  /** Every successful sign-in among them, up to `maxEntries`. */
  readonly entered: readonly WhatIfEntry[];
  readonly enteredCount: number;
  readonly days: readonly WhatIfDay[];
  /** Of the first and the last entry that was looked at. */
  readonly firstTime?: string;
  readonly lastTime?: string;
  /** Lines that are no entries. */
  readonly unreadable: number;
  /** Entries whose address no key of the ring opens: their networks are in no figure. */
  readonly sealed: number;
  readonly files: readonly string[];
}

type Read = ReturnType<ReturnType<typeof createTally>['all']> & Pick<AuditWhatIfResult, 'firstTime' | 'lastTime' | 'unreadable' | 'sealed' | 'files'>;

interface Shown {
  readonly keys: KeyRing;
  readonly maxTop: number;
  readonly reveal: AuditReveal | undefined;
}

/** What is told, and how many networks it shows in full. */
export function whatIfResult(read: Read, { keys, maxTop, reveal }: Shown): { readonly result: AuditWhatIfResult; readonly revealed: number } {
  const { verdicts: { refuse, 'step-up': stepUp }, networks, accounts, entered, ...others } = read;
  const inFull = reveal !== undefined;
  const whole = new Set<string>();
  const tell = (where: Where): { readonly network: string; readonly networkTag: string } => {
    if (inFull && where.exact) whole.add(where.key);
    return { network: shownNetwork(where, inFull), networkTag: keys.digest('address', `what-if ${where.key}`).slice(0, 8) };
  };
  const { rows: byNetwork, ...someNetworks } = networks.top(maxTop);
  const { rows: byAccount, ...someAccounts } = accounts.top(maxTop);
  const result: AuditWhatIfResult = {
    ...others,
    refuse,
    stepUp,
    networks: { ...someNetworks, top: byNetwork.map((row) => ({ ...tell(row.where as Where), accounts: row.others?.size ?? 0, ...toldRow(row), all: row.all })) },
    accounts: { ...someAccounts, top: byAccount.map((row) => ({ account: row.key, networks: row.others?.size ?? 0, ...toldRow(row) })) },
    entered: entered.map((each) => toldEntry(each, tell, networks.of(each.attempt.where?.key ?? ''))),
    enteredCount: [refuse, stepUp].reduce((sum, counts) => sum + counts.entered + counts.askedAnyway, 0),
  };
  return { result: Object.freeze(result), revealed: whole.size };
}

function toldRow({ judged, verdicts }: Row): WhatIfTop {
  return { ...judged, refuse: verdicts.refuse, stepUp: verdicts['step-up'] };
}

function toldEntry({ attempt, outcome, verdict }: EnteredAttempt, tell: (where: Where) => object, around: WhatIfCounts | undefined): WhatIfEntry {
  const { time, account, where, decisions } = attempt;
  const because = decisions.flatMap(({ limiter, reasons }) => reasons.map((reason) => (limiter === undefined ? reason : `${limiter}/${reason}`)));
  return { time, ...(account !== undefined && { account }), ...(where !== undefined && tell(where)), ...(around !== undefined && { networkFailed: around.failed, networkEntered: around.entered + around.askedAnyway }), verdict, because, askedAnyway: outcome === 'asked-anyway' };
}
