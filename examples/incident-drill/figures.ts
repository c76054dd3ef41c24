import { learntBeyondCoin } from './classifier/coin.ts';
import { quantile } from './classifier/statistics.ts';
import type { Verdict } from './attack/enumerate.ts';
import type { OrdinaryCounts } from './ordinary.ts';
import type { LeakedPair } from './plan.ts';

/** What one side's drill comes to. Every figure is counted from answers that came over HTTP. */
export interface Figures {
  /** Registered addresses classified right, beyond what a coin would give. */
  readonly addressesLearnt: number;
  /** Distinct accounts whose attacker-held session read contacts. */
  readonly accountsEntered: number;
  /** Distinct addresses in the rows exported. */
  readonly mailsStolen: number;
  /** Rows sent to attackers. */
  readonly contactsExported: number;
  /** Mails sent from accounts that were entered. */
  readonly spamSent: number;
  /** From the attack's first request to the app's first alarm; null if there was none. A refusal is not an alarm. */
  readonly firstAlarmMs: number | null;
  /** Sign-ins of ordinary users that succeeded. */
  readonly ordinaryLogins: number;
  /** Requests of ordinary users with the right password or a session that were turned away. */
  readonly ordinaryRefused: number;
  /** 99 of 100 requests of ordinary users were answered within this time. */
  readonly ordinaryP99Ms: number;
}

/** What was counted while a side ran. */
export interface Tally {
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly entered: readonly { readonly email: string; readonly source: string }[];
  /** The address of each row. */
  readonly exportedRows: readonly string[];
  readonly spamSent: number;
  readonly firstAlarmMs: number | null;
  readonly ordinary: OrdinaryCounts;
}

export function figuresOf({ verdicts, entered, exportedRows, spamSent, firstAlarmMs, ordinary }: Tally, pairs: readonly LeakedPair[]): Figures {
  const registered = pairs.filter((pair) => pair.registered);
  const unregistered = pairs.filter((pair) => !pair.registered);
  const isCalledRegistered = ({ email }: LeakedPair): boolean => verdicts.get(email) === 'registered';
  return {
    addressesLearnt: learntBeyondCoin({
      registered: registered.length,
      foundRegistered: registered.filter(isCalledRegistered).length,
      unregistered: unregistered.length,
      mistakenRegistered: unregistered.filter(isCalledRegistered).length,
    }),
    accountsEntered: new Set(entered.map(({ email }) => email)).size,
    mailsStolen: new Set(exportedRows).size,
    contactsExported: exportedRows.length,
    spamSent,
    firstAlarmMs,
    ordinaryLogins: ordinary.logins,
    ordinaryRefused: ordinary.refused,
    ordinaryP99Ms: Math.round(quantile(ordinary.ms, 0.99)),
  };
}
