import type { ClientNetwork } from '../../kernel/address.ts';
import type { AlarmKind } from '../../ports/alarm.ts';
import type { Subject } from './read-event.ts';
import { addRecent, clearRecent, countRecent, createRecent, oldestOf, type Recent } from './recent.ts';
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
  /** Failures of the last day. */
  readonly daily: Recent;
  networks: readonly { readonly key: string; readonly atMs: number }[];
}

const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** Failures count half where nobody says whether the same wrong password came again: a program with an old one tries it all day. */
const certain = 2;
const from = 10;
const mostNetworks = 8;
/** A password that was closed to strangers by failures from fewer networks than this may be a program with an old one. */
const closedFrom = 3;
/** Before what is refused counts: an impatient program with an old password is refused as well. */
const refusedAfter = 3 * certain;

const bounds = Object.freeze({ windowMs: hourMs, most: from * certain });

const dailyBounds = Object.freeze({ windowMs: dayMs, most: 16 });
/** Who counts different wrong passwords counts them at what stands for an account, and may take one for another. */
const guessedAfter = 5;

const kinds: Readonly<Record<AccountSignal, AlarmKind>> = Object.freeze({ failures: 'brute-force', tokens: 'token-guessing', codes: 'recovery-code-guessing' });

export interface AccountTries {
  /** `repeated`: the same wrong password again; undefined where nobody knows. */
  count(subject: Subject, signal: AccountSignal, repeated: boolean | undefined, now: MonitorTime): void;
  /** The limiter let nobody look: counts where different wrong passwords have been tried before. */
  refused(subject: Subject, now: MonitorTime): void;
  /** Its password opens nothing to strangers any more. */
  closed(accountId: string, now: MonitorTime): void;
  /** Who counts different wrong passwords says that it is guessed at. */
  guessed(subject: Subject, now: MonitorTime): void;
  /** Somebody came in: where it was tried from the same network, that was its owner. */
  entered(accountId: string, network: ClientNetwork | undefined): void;
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
    make: () => ({ failures: createRecent(), tokens: createRecent(), codes: createRecent(), places: createRecent(), daily: createRecent(), networks: [] }),
    weight: (tried, nowMs) => Math.max(countRecent(tried.failures, nowMs, hourMs), countRecent(tried.tokens, nowMs, hourMs), countRecent(tried.codes, nowMs, hourMs)),
  });

  /** By the name that was typed: what is refused has not been looked up. */
  const names: Suspects<{ accountId?: string }> = createSuspects<{ accountId?: string }>({ young, kept: 1, make: () => ({}), weight: () => 0 });

  const { judge, raise } = createVerdicts(register, marks, accounts.keep);

  return {
    count({ accountId, mark, network }, signal, repeated, now) {
      if (accountId === undefined || repeated === true) return;
      const { monotonicMs: nowMs } = now;
      const tried = accounts.of(accountId);
      if (signal === 'failures' && mark !== undefined) names.of(String(mark)).accountId = accountId;
      addRecent(tried[signal], nextMark(), nowMs, bounds);
      if (signal !== 'failures' || repeated === false) addRecent(tried[signal], nextMark(), nowMs, bounds);
      if (signal === 'failures') addRecent(tried.daily, nextMark(), nowMs, dailyBounds);
      if (network !== undefined) {
        addRecent(tried.places, marks(network.key), nowMs, { windowMs: dayMs, most: 64 });
        tried.networks = withNetwork(tried, network, nowMs);
      }
      judge(accountId, tried, signal, now);
    },
    refused({ mark }, now) {
      const accountId = mark === undefined ? undefined : names.find(String(mark))?.accountId;
      const tried = accountId === undefined ? undefined : accounts.find(accountId);
      if (accountId === undefined || tried === undefined || countRecent(tried.failures, now.monotonicMs, hourMs) < refusedAfter) return;
      addRecent(tried.failures, nextMark(), now.monotonicMs, bounds);
      judge(accountId, tried, 'failures', now);
    },
    closed(accountId, now) {
      const tried = accounts.find(accountId);
      if (tried !== undefined && countRecent(tried.places, now.monotonicMs, dayMs) >= closedFrom) raise({ accountId, tried, signal: 'failures', found: tried.daily }, now, { closedToStrangers: 'yes' });
    },
    guessed({ accountId, network }, now) {
      const tried = accountId === undefined ? undefined : accounts.find(accountId);
      if (accountId === undefined || tried === undefined || countRecent(tried.daily, now.monotonicMs, dayMs) < guessedAfter) return;
      if (network !== undefined && networksOf(tried, now.monotonicMs).length === 0) tried.networks = withNetwork(tried, network, now.monotonicMs);
      raise({ accountId, tried, signal: 'failures', found: tried.daily }, now, { differentWrongPasswords: 'many' });
    },
    entered(accountId, network) {
      const tried = accounts.find(accountId);
      if (tried?.networks.some(({ key }) => key === network?.key) === true) clearRecent(tried.failures);
    },
    size: accounts.size,
  };
}

function withNetwork({ networks }: Tried, { key }: ClientNetwork, atMs: number): Tried['networks'] {
  return [...networks.filter((each) => each.key !== key), { key, atMs }].slice(-mostNetworks);
}

/** Those of the last day. */
function networksOf({ networks }: Tried, nowMs: number): readonly string[] {
  return networks.filter(({ atMs }) => nowMs - atMs < dayMs).map(({ key }) => key);
}

interface Verdict {
  readonly accountId: string;
  readonly tried: Tried;
  readonly signal: AccountSignal;
  readonly found: Recent;
}

/** When what was tried at an account is an alarm. */
function createVerdicts(register: Register, marks: (text: string) => number, keep: (accountId: string, nowMs: number) => void) {
  function judge(accountId: string, tried: Tried, signal: AccountSignal, now: MonitorTime): void {
    const count = countRecent(tried[signal], now.monotonicMs, hourMs);
    if (count >= refusedAfter) keep(accountId, now.monotonicMs);
    const needed = register.isOn(kinds[signal], accountId) ? (from * certain) / 2 : from * certain;
    if (count >= needed) raise({ accountId, tried, signal, found: tried[signal] }, now, { failuresInAnHour: Math.round(count / certain), threshold: from });
  }

  /** `found`: what speaks against it; as many as that were counted, since the oldest of them. */
  function raise({ accountId, tried, signal, found }: Verdict, now: MonitorTime, evidence: Readonly<Record<string, number | string>>): void {
    const kind = kinds[signal];
    const count = countRecent(found, now.monotonicMs, dayMs) / (found === tried.daily ? 1 : certain);
    register.sign({
      kind, cause: accountId, ofAccount: true, sources: networksOf(tried, now.monotonicMs), sinceMs: oldestOf(found, now.monotonicMs),
      count: register.isOn(kind, accountId) ? 1 : Math.max(1, Math.round(count)), accountIds: [accountId], marks: [marks(accountId)],
      evidence: { ...evidence, networksInADay: countRecent(tried.places, now.monotonicMs, dayMs) },
    }, now);
  }

  return { judge, raise };
}
