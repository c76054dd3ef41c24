/** A keyed digest of 128 bits, base64url: what stands for a network, a name or a password of one day. */
export type EvidenceTag = string;

/** One attempt of a browser that the account does not know, before the password is looked at. */
export interface EvidenceAttempt {
  /** The network it comes from; absent where the app cannot tell. */
  readonly source?: EvidenceTag | undefined;
  /** The name that was typed, whether or not there is an account of that name. */
  readonly account: EvidenceTag;
  /** Of the day: nothing that is kept can be compared with what was typed on another. Absent where no password is tried. */
  readonly password?: EvidenceTag | undefined;
  readonly exists: boolean;
  /** What it counts if it fails, beside what the store knows of the password. */
  readonly weight: number;
}

/** What was known before this attempt, and what was charged for it. */
export interface EvidenceStanding {
  /** The score of the network. */
  readonly source: number;
  /** Whether a known browser of anybody has come in from the network within a day: then people share it, and not attackers alone. */
  readonly sharedSource: boolean;
  /** Different wrong passwords that strangers have tried at the account. */
  readonly account: number;
  /** Names at which the password has failed today, beyond what is usual. */
  readonly password: number;
  /** Strangers fail more often than they do in peace, whatever their network. */
  readonly surge: boolean;
  readonly charged: EvidenceCharge;
}

/** What is given back where the attempt turns out to be no evidence. */
export interface EvidenceCharge {
  readonly source: number;
  readonly account: number;
  /** Charged in this process alone, since the store was away. */
  readonly here?: boolean;
}

/**
 * `failed`: the password was wrong, or there is no account. `held`: it was not looked at, or it was right and more was asked for; what was charged stays, as if it
 * had failed, and nothing is learned of the password. `entered`: somebody came in, at once or once what was asked for was given; the charge is given back, and a
 * failure of the network at that name in this hour of the day or the one before, while no surge was on, counts for none, once. `refunded`: it was no evidence,
 * though nobody came in; the charge is given back, and nothing else.
 */
export type EvidenceOutcome =
  | { readonly as: 'failed' | 'held' | 'entered' | 'refunded'; readonly attempt: EvidenceAttempt; readonly charged: EvidenceCharge }
  /**
   * Somebody came in by a browser that the account knows: the traffic that no attacker can make. `again`: of an account that was counted a short
   * while ago; then it shows who shares the network, and no more, since one account could be signed in to all day.
   */
  | { readonly as: 'known'; readonly source?: EvidenceTag | undefined; readonly again?: boolean };

/** Changes of the state of all, each told once: by the settlement that brought it about. */
export interface EvidenceNews {
  readonly surge?: 'began' | 'ended';
  /** Only told, and nobody is asked for more because of it. */
  readonly slowSurge?: 'began' | 'ended';
}

/**
 * Evidence about attempts to sign in, bounded in bytes and in time: what attackers make room for never includes what they have earned.
 * Each verb is one atomic act, so that of a thousand attempts at once the last sees the others. A rejection or a throw means that the
 * store is broken.
 */
export interface EvidenceStore {
  /** Whether all processes of the app see it together. */
  readonly shared: boolean;
  /** Whether every call is answered within a deadline of the store's own, so that no other needs to be put around it. */
  readonly inTime?: boolean;
  /** Counts the attempt as a failed one. */
  reserve(attempt: EvidenceAttempt): EvidenceStanding | Promise<EvidenceStanding>;
  /** Corrects what was counted by what came of it. */
  settle(outcome: EvidenceOutcome): EvidenceNews | Promise<EvidenceNews>;
}
