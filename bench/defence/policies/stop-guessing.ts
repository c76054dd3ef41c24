import type { LoginAttempt } from '../policy.ts';
import { hourMs } from '../scenario.ts';
import { entryOf, peer } from './peer.ts';

/** `BlockingAlgorithmOptions.cs`, the defaults of the code. */
const unknownAccount = 2;
const wrongPassword = 1;
const frequentFactor = 5;
const baseThreshold = 50;
const infrequentFactor = 100;
const halfLifeMs = 12 * hourMs;
const reward = 30;
const creditLimit = 50;
const typosKept = 8;
const typoRefund = 0.9;
/** Failures of one password from which it counts as frequent: exact counts in place of the binomial ladder. */
const frequentFrom = 20;
const recentKept = 8;
/** An estimate. */
const bytesPerKey = 300;

interface Decaying {
  value: number;
  atMs: number;
}

interface Source extends Decaying {
  readonly failures: { readonly accountId: string; readonly passwordId: string; readonly penalty: number; readonly atMs: number }[];
  told: boolean;
}

function decayed({ value, atMs }: Decaying, nowMs: number): number {
  return value * 2 ** ((atMs - nowMs) / halfLifeMs);
}

function add(score: Decaying, by: number, nowMs: number): void {
  score.value = Math.max(0, decayed(score, nowMs) + by);
  score.atMs = nowMs;
}

/**
 * StopGuessing with the defaults of its code: a decaying score of each address, more for frequent passwords; a right password
 * is refused, looking like a wrong one, where the score is above a threshold that is a hundred times as high for an infrequent
 * password; a cookie of the account stands above all; typos are refunded; sign-ins earn credit, bounded for each account as its
 * text says (its code never reaches the bound). A typo is taken for one as its edit distance would tell.
 * Source: Tian, Herley, Schechter, EuroS&P 2019; Microsoft/StopGuessing, `LoginAttemptController.cs`.
 */
export const stopGuessing = peer('stopg', (alert) => {
  const sources = new Map<string, Source>();
  const credits = new Map<string, Decaying>();
  const recent = new Map<string, string[]>();
  const failures = new Map<string, number>();

  const isFrequent = ({ leaked, passwordId }: LoginAttempt): boolean => leaked === 'popular' || (failures.get(passwordId) ?? 0) >= frequentFrom;

  function fail(source: Source, attempt: LoginAttempt, frequent: boolean): void {
    const { accountId, name, passwordId, nowMs } = attempt;
    const wrongs = entryOf(recent, name, (): string[] => []);
    const repeated = wrongs.includes(passwordId);
    failures.set(passwordId, (failures.get(passwordId) ?? 0) + 1);
    if (repeated) return;
    wrongs.push(passwordId);
    if (wrongs.length > recentKept) wrongs.shift();
    const penalty = (accountId === undefined ? unknownAccount : wrongPassword) * (frequent ? frequentFactor : 1);
    add(source, penalty, nowMs);
    if (accountId === undefined) return;
    source.failures.push({ accountId, passwordId, penalty, atMs: nowMs });
    if (source.failures.length > typosKept) source.failures.shift();
  }

  function refundTypos(source: Source, accountId: string, nowMs: number): void {
    const typos = source.failures.filter((failure) => failure.accountId === accountId && failure.passwordId.startsWith('typo'));
    for (const { penalty, atMs } of typos) add(source, -typoRefund * decayed({ value: penalty, atMs }, nowMs), nowMs);
    const rest = source.failures.filter((failure) => failure.accountId !== accountId);
    source.failures.splice(0, source.failures.length, ...rest);
  }

  function earnCredit(source: Source, accountId: string, nowMs: number): void {
    const used = entryOf(credits, accountId, () => ({ value: 0, atMs: nowMs }));
    const credit = Math.max(0, Math.min(reward, decayed(source, nowMs), creditLimit - decayed(used, nowMs)));
    if (credit === 0) return;
    add(used, credit, nowMs);
    add(source, -credit, nowMs);
  }

  return {
    before: () => undefined,
    after(attempt) {
      const { address, accountId, nowMs, right, known } = attempt;
      const source = entryOf(sources, address, () => ({ value: 0, atMs: nowMs, failures: [], told: false }));
      const frequent = isFrequent(attempt);
      if (!right || accountId === undefined) {
        fail(source, attempt, frequent);
        if (!source.told && source.value > baseThreshold) alert('address');
        source.told = source.value > baseThreshold;
        return undefined;
      }
      refundTypos(source, accountId, nowMs);
      const threshold = frequent ? baseThreshold : baseThreshold * infrequentFactor;
      if (!known && decayed(source, nowMs) > threshold) return { as: 'denied' };
      earnCredit(source, accountId, nowMs);
      return undefined;
    },
    bytes: () => (sources.size + recent.size + failures.size) * bytesPerKey,
  };
});
