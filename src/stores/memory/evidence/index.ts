import { systemClock } from '../../../kernel/clock.ts';
import { accountScores, evidenceDayMs, evidenceHourMs, rememberedGuesses, sourceScores } from '../../../kernel/evidence.ts';
import { pairMarks, tagWords, type TagWords } from '../../../kernel/evidence-tags.ts';
import { port, readOptions } from '../../../kernel/options.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { EvidenceAttempt, EvidenceCharge, EvidenceNews, EvidenceOutcome, EvidenceStanding, EvidenceStore } from '../../../ports/evidence-store.ts';
import { createGuesses } from './guesses.ts';
import { createPairFilter, type PairFilter } from './pair-filter.ts';
import { createPasswordSketch } from './password-sketch.ts';
import { createScoreTable } from './score-table.ts';
import { createSurge } from './surge.ts';

/** Evidence in this process. */
export interface MemoryEvidence extends EvidenceStore {
  reserve(attempt: EvidenceAttempt): EvidenceStanding;
  settle(outcome: EvidenceOutcome): EvidenceNews;
  /** Of all its arrays. */
  readonly bytes: number;
}

/** Evidence in this process, in arrays of about 5 MiB that never grow. It is gone when the process ends, and no other sees it. Throws ERR_CONFIG. */
export function memoryEvidence(options: { readonly clock?: Clock } = {}): MemoryEvidence {
  const { clock } = readOptions('memoryEvidence', options, { clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock) });
  const tables = createTables();
  let day = 0;

  /** What is of a day begins anew with it. No day comes back with a clock that is set back by less than one; by more, the day was none. */
  function now(): number {
    const nowMs = clock.nowMs();
    const today = Math.floor(nowMs / evidenceDayMs);
    if (today > day || today + 1 < day) {
      day = today;
      tables.pairs.clear();
      tables.passwords.clear();
    }
    return nowMs;
  }

  return {
    shared: false,
    bytes: tables.bytes,
    reserve: (attempt) => reserve(tables, attempt, now()),
    settle: (outcome) => settle(tables, outcome, now()),
  };
}

function createTables() {
  const guesses = createGuesses(accountScores.buckets * accountScores.ways, rememberedGuesses);
  const sources = createScoreTable(sourceScores);
  const accounts = createScoreTable(accountScores, (slot) => {
    guesses.forget(slot);
  });
  const pairs = createPairFilter();
  const passwords = createPasswordSketch();
  const bytes = [guesses, sources, accounts, pairs, passwords].reduce((sum, each) => sum + each.bytes, 0);
  return { guesses, sources, accounts, pairs, passwords, surge: createSurge(), bytes };
}

type Tables = ReturnType<typeof createTables>;

interface Words {
  readonly from: TagWords | undefined;
  readonly who: TagWords;
  readonly guess: TagWords | undefined;
}

function wordsOf({ source, account, password }: EvidenceAttempt): Words {
  return { from: source === undefined ? undefined : tagWords(source), who: tagWords(account), guess: password === undefined ? undefined : tagWords(password) };
}

function reserve({ guesses, sources, accounts, passwords, surge }: Tables, attempt: EvidenceAttempt, nowMs: number): EvidenceStanding {
  const { exists, weight } = attempt;
  const { from, who, guess } = wordsOf(attempt);
  const names = guess === undefined ? 0 : passwords.estimate(guess);
  const slot = exists ? accounts.find(who) : undefined;
  // A mail client with an old password, somebody impatient: no further guess at the account.
  const isRepeat = slot !== undefined && guess !== undefined && guesses.has(slot, guess);
  const charged: EvidenceCharge = {
    source: weight,
    account: isRepeat || !exists || guess === undefined ? 0 : 1,
  };
  const standing = { source: from === undefined ? 0 : sources.read(from, nowMs), sharedSource: from !== undefined && sources.wasVisited(from, nowMs, evidenceDayMs), account: accounts.read(who, nowMs), password: names, surge: surge.isOn(nowMs), charged };
  if (from !== undefined && charged.source > 0) sources.add(from, charged.source, nowMs);
  if (charged.account > 0) accounts.add(who, charged.account, nowMs);
  return standing;
}

function settle(tables: Tables, outcome: EvidenceOutcome, nowMs: number): EvidenceNews {
  const { surge } = tables;
  if (outcome.as === 'known') {
    if (outcome.source !== undefined) tables.sources.visited(tagWords(outcome.source), nowMs);
    return outcome.again === true ? surge.pass(nowMs) : surge.signedIn(nowMs);
  }
  if (outcome.as === 'failed') return failed(tables, outcome.attempt, nowMs);
  if (outcome.as === 'held') return surge.pass(nowMs);
  const { attempt, charged } = outcome;
  const { from, who } = wordsOf(attempt);
  if (from !== undefined) tables.sources.takeBack(from, charged.source, nowMs);
  tables.accounts.takeBack(who, charged.account, nowMs);
  return outcome.as === 'entered' && from !== undefined && isMadeGood(tables.pairs, { from, who }, nowMs) ? surge.madeGood(nowMs) : surge.pass(nowMs);
}

const hourOf = (nowMs: number): number => Math.floor((nowMs % evidenceDayMs) / evidenceHourMs);

/** Only what was counted, in this hour or the one before, and once: else own accounts could take back what others have failed. */
function isMadeGood(pairs: PairFilter, { from, who }: { readonly from: TagWords; readonly who: TagWords }, nowMs: number): boolean {
  const hour = pairMarks.countedAt + hourOf(nowMs);
  const counted = pairs.has(from, who) && (pairs.has(from, who, hour) || pairs.has(from, who, hour - 1));
  return counted && pairs.add(from, who, pairMarks.madeGood);
}

function failed({ guesses, accounts, passwords, pairs, surge }: Tables, attempt: EvidenceAttempt, nowMs: number): EvidenceNews {
  const { from, who, guess } = wordsOf(attempt);
  if (guess === undefined) return surge.pass(nowMs);
  const slot = attempt.exists ? accounts.find(who) : undefined;
  if (slot !== undefined) guesses.add(slot, guess);
  // For nobody as for somebody: else it would tell who has an account.
  if (pairs.add(guess, who)) passwords.add(guess);
  const where = from ?? who;
  if (!pairs.add(where, who)) return surge.pass(nowMs);
  const { news, counted } = surge.failed(nowMs);
  if (counted) pairs.add(where, who, pairMarks.countedAt + hourOf(nowMs));
  return news;
}
