import { accountScores, pairFilter, passwordSketch, rememberedGuesses, sourceScores } from '../../kernel/evidence.ts';
import { guessMark, pairBits, passwordCells, tagWords, type TagWords } from '../../kernel/evidence-tags.ts';
import { StoreError } from '../../kernel/errors.ts';
import type { EvidenceAttempt, EvidenceNews, EvidenceOutcome, EvidenceStanding, EvidenceStore, EvidenceTag } from '../../ports/evidence-store.ts';
import { answeredList } from './charges.ts';
import { evidenceScriptsFor } from './evidence-scripts.ts';
import { wrongAnswer } from './faults.ts';
import type { Run } from './runner.ts';
import { answeredNumber, answeredText, shortDigest } from './text.ts';
import type { StoreTime } from './time.ts';

export interface EvidenceParts {
  readonly run: Run;
  readonly prefix: string;
  readonly time: StoreTime;
}

/** An evidence store that never answers at once. */
export interface RemoteEvidence extends Pick<EvidenceStore, 'reserve' | 'settle'> {
  reserve(attempt: EvidenceAttempt): Promise<EvidenceStanding>;
  settle(outcome: EvidenceOutcome): Promise<EvidenceNews>;
}

/** Evidence in one server, or in one slot of a cluster: one script and one round trip for each call. */
export function redisEvidence({ run, prefix, time }: EvidenceParts): RemoteEvidence {
  const scripts = evidenceScriptsFor(time.source);
  const keys = evidenceKeys(prefix);
  const ask = (name: keyof typeof scripts, wanted: string[], args: string[]): Promise<unknown> => run(scripts[name], wanted, time.added(args));

  async function corrected({ attempt, charged, as }: Exclude<EvidenceOutcome, { readonly as: 'known' }>): Promise<unknown> {
    const { from, who } = wordsOf(attempt);
    const makesGood = as === 'entered' && from !== undefined;
    return ask(
      'corrected',
      [keys.state, keys.account(who), ...(from === undefined ? [] : [keys.source(from)]), ...(makesGood ? [keys.filter] : [])],
      [...tagOf(who), amountText(charged.account), amountText(charged.source), ...tagOf(from), ...(makesGood ? pairBits(from, who).map(String) : [])],
    );
  }

  async function failed(attempt: EvidenceAttempt): Promise<unknown> {
    const { from, who, guess } = wordsOf(attempt);
    if (guess === undefined) return passed(undefined, false);
    const places = [guessMark(guess), ...passwordCells(guess), ...pairBits(guess, who), ...pairBits(from ?? who, who)].map(String);
    return ask('failed', [keys.state, keys.account(who), keys.sketch, keys.filter], [...tagOf(who), attempt.exists ? '1' : '0', ...places]);
  }

  async function passed(source: EvidenceTag | undefined, isKnown: boolean): Promise<unknown> {
    const from = source === undefined ? undefined : wordsOfTag(source);
    return ask('passed', from === undefined ? [keys.state] : [keys.state, keys.source(from)], [isKnown ? '1' : '0', ...tagOf(from)]);
  }

  return {
    async reserve(attempt) {
      const { exists, weight } = attempt;
      const { from, who, guess } = wordsOf(attempt);
      const wanted = [keys.state, keys.account(who), keys.sketch];
      if (from !== undefined) wanted.push(keys.source(from));
      const places = guess === undefined ? noPassword : [guessMark(guess), ...passwordCells(guess)].map(String);
      const answer = await ask('reserve', wanted, [...tagOf(who), exists ? '1' : '0', ...places, amountText(weight), ...tagOf(from)]);
      return standingOf(answer, attempt);
    },
    async settle(outcome) {
      if (outcome.as === 'known') return newsOf(await passed(outcome.source, outcome.again !== true));
      if (outcome.as === 'failed') return newsOf(await failed(outcome.attempt));
      if (outcome.as === 'held') return newsOf(await passed(undefined, false));
      return newsOf(await corrected(outcome));
    },
  };
}

/** All in one slot of a cluster, and under other names where the tables have other sizes: two versions of an app never read what they cannot. */
function evidenceKeys(prefix: string) {
  const sizes = JSON.stringify([prefix, ...[sourceScores, accountScores].flatMap(({ buckets, ways }) => [buckets, ways]), rememberedGuesses, passwordSketch, pairFilter]);
  const head = `${prefix}{${shortDigest(sizes).slice(0, 5)}}`;
  const bucketOf = (kind: string, { buckets }: { readonly buckets: number }) => ({ bucket }: TagWords): string => `${head}${kind}${(bucket & (buckets - 1)).toString(36)}`;
  return { state: `${head}e`, sketch: `${head}p`, filter: `${head}f`, source: bucketOf('s', sourceScores), account: bucketOf('a', accountScores) };
}

const noPassword = Array.from({ length: passwordSketch.rows + 1 }, () => '0');
const plainTag = /^[\w-]{22}$/;

function wordsOfTag(tag: EvidenceTag): TagWords {
  if (!plainTag.test(tag)) throw new StoreError('redis store: a tag of evidence is no digest');
  return tagWords(tag);
}

function wordsOf({ source, account, password }: EvidenceAttempt) {
  return { from: source === undefined ? undefined : wordsOfTag(source), who: wordsOfTag(account), guess: password === undefined ? undefined : wordsOfTag(password) };
}

function tagOf(words: TagWords | undefined): readonly [] | readonly [string, string] {
  return words === undefined ? [] : [String(words.high), String(words.low)];
}

function amountText(amount: number): string {
  if (typeof amount !== 'number' || !(Math.abs(amount) <= 1e9)) throw new StoreError('redis store: an amount of evidence is out of bounds');
  return String(amount);
}

/** What the script has charged, worked out as it did. */
function standingOf(answer: unknown, { exists, weight, password }: EvidenceAttempt): EvidenceStanding {
  const [repeated, surge, shared, names, source, account] = answeredList(answer, 6);
  const isRepeat = answeredFlag(repeated);
  const found = answeredNumber(names);
  return {
    source: answeredScore(source),
    sharedSource: answeredFlag(shared),
    account: answeredScore(account),
    password: found,
    surge: answeredFlag(surge),
    charged: { source: weight, account: isRepeat || !exists || password === undefined ? 0 : 1 },
  };
}

const changes = [undefined, 'began', 'ended'] as const;

function newsOf(answer: unknown): EvidenceNews {
  const [surge, slowSurge] = answeredList(answer, 2).map((each) => {
    const change = answeredNumber(each);
    if (change >= changes.length) throw wrongAnswer();
    return changes[change];
  });
  return { ...(surge && { surge }), ...(slowSurge && { slowSurge }) };
}

function answeredFlag(answer: unknown): boolean {
  const number = answeredNumber(answer);
  if (number > 1) throw wrongAnswer();
  return number === 1;
}

/** A score as the server writes it, with all its digits. */
function answeredScore(answer: unknown): number {
  const text = answeredText(answer);
  const score = /^\d{1,17}(\.\d{1,20})?(e[+-]\d{1,3})?$/.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(score)) throw wrongAnswer();
  return score;
}
