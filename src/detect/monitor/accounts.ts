import type { AlarmKind } from '../../ports/alarm.ts';
import type { Subject } from './read-event.ts';
import { addRecent, clearRecent, countRecent, createRecent, type Recent } from './recent.ts';
import type { Register } from './register.ts';
import { createSuspects, type Suspects } from './suspects.ts';
import type { MonitorTime } from './time.ts';

export type AccountSignal = 'failures' | 'tokens' | 'codes';

/** What was tried at one account in the last hour, and from where in the last day. */
interface Tried {
  readonly failures: Recent;
  readonly tokens: Recent;
  readonly codes: Recent;
  readonly places: Recent;
  networks: string[];
}

const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** Failures count half where nobody says whether the same wrong password came again: a program with an old one tries it all day. */
const certain = 2;
const from = 10;
const mostNetworks = 8;
/** A password that was closed to strangers by failures from fewer networks than this may be a program with an old one. */
const closedFrom = 3;

const kinds: Readonly<Record<AccountSignal, AlarmKind>> = Object.freeze({ failures: 'brute-force', tokens: 'token-guessing', codes: 'recovery-code-guessing' });

export interface AccountTries {
  /** `repeated`: the same wrong password again; undefined where nobody knows. */
  count(subject: Subject, signal: AccountSignal, repeated: boolean | undefined, now: MonitorTime): void;
  /** Its password opens nothing to strangers any more. */
  closed(accountId: string, now: MonitorTime): void;
  /** Who counts different wrong passwords says that it is guessed at. */
  guessed(subject: Subject, now: MonitorTime): void;
  /** Its owner came in. */
  entered(accountId: string): void;
  readonly size: () => number;
}

export function createAccountTries({ register, nextMark, marks, young, kept }: {
  readonly register: Register;
  /** A mark that nothing else has. */
  readonly nextMark: () => number;
  readonly marks: (text: string) => number;
  readonly young: number;
  readonly kept: number;
}): AccountTries {
  const accounts: Suspects<Tried> = createSuspects<Tried>({
    young,
    kept,
    make: () => ({ failures: createRecent(), tokens: createRecent(), codes: createRecent(), places: createRecent(), networks: [] }),
    weight: (tried, nowMs) => Math.max(countRecent(tried.failures, nowMs, hourMs), countRecent(tried.tokens, nowMs, hourMs), countRecent(tried.codes, nowMs, hourMs)),
  });

  function raise(accountId: string, tried: Tried, signal: AccountSignal, now: MonitorTime, evidence: Readonly<Record<string, number | string>>): void {
    const kind = kinds[signal];
    const on = register.isOn(kind, accountId);
    const count = countRecent(tried[signal], now.monotonicMs, hourMs) / certain;
    register.sign({
      kind, cause: accountId, ofAccount: true, sources: tried.networks, sinceMs: count > 0 ? tried[signal].sinceMs : now.monotonicMs,
      count: on ? 1 : Math.max(1, Math.round(count)), accountIds: [accountId], marks: [marks(accountId)],
      evidence: { ...evidence, networksInADay: countRecent(tried.places, now.monotonicMs, dayMs) },
    }, now);
  }

  return {
    count({ accountId, network }, signal, repeated, now) {
      if (accountId === undefined || repeated === true) return;
      const { monotonicMs: nowMs } = now;
      const tried = accounts.of(accountId);
      const bounds = { windowMs: hourMs, most: from * certain };
      addRecent(tried[signal], nextMark(), nowMs, bounds);
      if (signal !== 'failures' || repeated === false) addRecent(tried[signal], nextMark(), nowMs, bounds);
      if (network !== undefined) {
        addRecent(tried.places, marks(network.key), nowMs, { windowMs: dayMs, most: 64 });
        tried.networks = [...tried.networks.filter((each) => each !== network.key), network.key].slice(-mostNetworks);
      }
      const count = countRecent(tried[signal], nowMs, hourMs);
      if (count >= 3 * certain) accounts.keep(accountId, nowMs);
      const needed = register.isOn(kinds[signal], accountId) ? (from * certain) / 2 : from * certain;
      if (count >= needed) raise(accountId, tried, signal, now, { failuresInAnHour: Math.round(count / certain), threshold: from });
    },
    closed(accountId, now) {
      const tried = accounts.find(accountId);
      if (tried !== undefined && countRecent(tried.places, now.monotonicMs, dayMs) >= closedFrom) raise(accountId, tried, 'failures', now, { closedToStrangers: 'yes' });
    },
    guessed({ accountId, network }, now) {
      if (accountId === undefined) return;
      const tried = accounts.of(accountId);
      if (network !== undefined && tried.networks.length === 0) tried.networks = [network.key];
      raise(accountId, tried, 'failures', now, { differentWrongPasswords: 'many' });
    },
    entered(accountId) {
      clearRecent(accounts.find(accountId)?.failures);
    },
    size: accounts.size,
  };
}
