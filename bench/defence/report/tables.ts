import { enumerationAfterMs } from '../attackers/replay.ts';
import { attackerIds } from '../attackers/attack.ts';
import { places } from '../addresses.ts';
import { median } from '../../measure.ts';
import type { RunResult } from '../result.ts';
import { detectionText, middleOf, percent, percentRange, span } from '../summary.ts';
import { shareOf, type Group, type Harm, type HarmByGroup } from '../tally.ts';

/** A table of the report, for Markdown and HTML alike. The first column names the row. */
export interface ReportTable {
  readonly title: string;
  readonly note: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What the first column shows instead of the policies' short names. */
  readonly names?: readonly string[];
  /** What the cells after the first are to a reader, row by row. */
  readonly marks?: readonly (readonly ('good' | 'bad' | '')[])[];
}

type Attacker = RunResult['attacker'];
type CellText = (runs: readonly RunResult[]) => string;

/** Everything that was measured in the standard world. */
export function standardTables(all: readonly RunResult[]): readonly ReportTable[] {
  const results = all.filter(({ scenario }) => scenario === 'standard');
  const taking = present(results, attackerIds.filter((id) => !['A2', 'A9', 'A10'].includes(id)));
  const windowed = present(results, attackerIds.filter((id) => id !== 'A10'));
  const byAttack = (title: string, note: string, attackers: readonly Attacker[], text: CellText): ReportTable => ({ title, note, head: ['policy', ...attackers], rows: policiesOf(results).map((policy) => [policy, ...attackers.map((attacker) => cellText(results, policy, attacker, text))]) });
  return [
    byAttack('Taken over (M1)', 'Vulnerable accounts that were entered without a step-up. Median [least to most] of the seeds.', taking, (runs) => percentRange(middleOf(runs, ({ takeoverShare }) => takeoverShare))),
    byAttack('Vulnerable accounts when the attack began, and entered', 'Accounts / entered, medians. A policy that had leaked passwords replaced before has fewer to lose.', taking, (runs) => `${middleOf(runs, ({ vulnerable }) => vulnerable)?.median ?? 0} / ${middleOf(runs, ({ entered }) => entered)?.median ?? 0}`),
    byAttack('First alarm (M3)', 'From the first event of the attack; a peer\'s alarm is its first refusal of a key. In brackets how many seeds saw one, where not all did.', [...taking, ...present(results, ['A2', 'A9'])], detectionText),
    byAttack('Sent and entered before the first alarm (M3)', 'Events sent / accounts entered, medians of the seeds with an alarm.', taking, beforeAlarm),
    replayTable(results),
    quietTable(results),
    groupTable(results.filter(({ attacker }) => attacker === 'legit'), 'Quiet, by network (M5)', ({ overall }) => overall),
    byAttack('In the window of the attack: right password denied (M5)', 'Of the sessions from the first event of the attack to the last, a day at least. Medians.', windowed, medianShare(({ ordinaryDeniedShare }) => ordinaryDeniedShare)),
    byAttack('In the window of the attack: session failed (M5)', 'After all retries. Medians.', windowed, medianShare(({ ordinaryFailedShare }) => ordinaryFailedShare)),
    byAttack('In the window of the attack: stepped up (M5)', 'Accounts with a second factor are asked for it anyway and do not count. Medians.', windowed, medianShare(({ stepUpShare }) => stepUpShare)),
    groupTable(results.filter(({ attacker }) => attacker !== 'legit'), 'In the windows of all attacks together, by network (M5)', ({ inWindow }) => inWindow),
    victimsTable(results),
    byAttack('Accounts entered per attacking address (M2)', 'Medians.', taking, (runs) => digits(middleOf(runs, ({ yieldPerIp }) => yieldPerIp)?.median)),
    byAttack('Guesses verified per attacking address and day (M2)', 'Medians.', taking, (runs) => digits(middleOf(runs, ({ verifiedPerIpDay }) => verifiedPerIpDay)?.median)),
    memoryTable(results),
  ].filter(({ rows }) => rows.length > 0);
}

/** The worlds beside the standard one, one table each. */
export function variantTables(all: readonly RunResult[]): readonly ReportTable[] {
  const ids = [...new Set(all.map(({ scenario }) => scenario))].filter((id) => id !== 'standard' && id !== 'ablation');
  return ids.map((id) => {
    const results = all.filter(({ scenario }) => scenario === id);
    const attackers = present(results, ['legit', ...attackerIds]);
    const head = ['policy', ...attackers.map((attacker) => (attacker === 'legit' ? 'quiet: denied / failed / stepped up / false alarms' : `${attacker}: taken over; denied / stepped up`))];
    const rows = policiesOf(results).map((policy) => [policy, ...attackers.map((attacker) => cellText(results, policy, attacker, attacker === 'legit' ? quietText : attackText))]);
    return { title: `Variant ${id}`, note: `${variantNotes[id] ?? ''} ${new Set(results.map(({ seed }) => seed)).size} seeds.`.trim(), head, rows };
  });
}

const variantNotes: Readonly<Record<string, string>> = {
  'n-1k': '1,000 accounts.',
  'n-100k': '100,000 accounts.',
  'typo-x5': 'Five times as many sessions with a typo.',
  'cookies-70': 'Only 70 % of the sessions have a valid cookie.',
  'typo-x5-cookies-70': 'Both of the former.',
  'cgnat-x5': 'Every IPv4 home is behind an address of its carrier.',
  'no-leaked-list': 'No list of leaked passwords for anybody.',
  'mailbox-7': 'Attackers can read the mail of 7 % of the accounts, and so finish a mailed step-up.',
  'mailbox-25': 'The same with 25 %.',
  'first-hour': 'The attack begins in the first hour: no quiet days to learn from.',
  'forced-reset': '30 % of the accounts must replace their password on one day.',
  redis: 'The standard world once more, in memory and over Redis.',
  outage: 'The store of counters and evidence is gone for ten minutes, an hour into the attack. Ours alone.',
};

export function policiesOf(results: readonly RunResult[]): readonly string[] {
  return [...new Set(results.map(({ policy }) => policy))];
}

function present(results: readonly RunResult[], ids: readonly Attacker[]): readonly Attacker[] {
  return ids.filter((id) => results.some(({ attacker }) => attacker === id));
}

function cellText(results: readonly RunResult[], policy: string, attacker: Attacker, text: CellText): string {
  const runs = results.filter((run) => run.policy === policy && run.attacker === attacker);
  return runs.length === 0 ? '' : text(runs);
}

function medianShare(value: (run: RunResult) => number): CellText {
  return (runs) => percent(median(runs.map(value)));
}

function digits(value: number | undefined): string {
  return value === undefined ? '-' : String(Number(value.toPrecision(2)));
}

const beforeAlarm: CellText = (runs) => {
  const sent = middleOf(runs, ({ beforeAlarm: before }) => before?.sent);
  return sent === undefined ? '-' : `${Math.round(sent.median)} / ${Math.round(middleOf(runs, ({ beforeAlarm: before }) => before?.entered)?.median ?? 0)}`;
};

const quietText: CellText = (runs) => `${[medianShare((run) => run.ordinaryDeniedShare), medianShare((run) => run.ordinaryFailedShare), medianShare((run) => run.stepUpShare)].map((text) => text(runs)).join(' / ')} / ${alarmCount(runs)}`;

const attackText: CellText = (runs) => `${percentRange(middleOf(runs, ({ takeoverShare }) => takeoverShare))}; ${medianShare((run) => run.ordinaryDeniedShare)(runs)} / ${medianShare((run) => run.stepUpShare)(runs)}`;

function alarmCount(runs: readonly RunResult[]): string {
  const total = runs.reduce((sum, { falseAlarms }) => sum + Object.values(falseAlarms).reduce((all, count) => all + count, 0), 0);
  return String(Number((total / runs.length).toFixed(1)));
}

function quietTable(results: readonly RunResult[]): ReportTable {
  const legit = results.filter(({ attacker }) => attacker === 'legit');
  return {
    title: 'Quiet days: legitimate traffic only, 28 days (M4, M5)',
    note: 'Shares of sessions, medians [least to most]; shares of the users who came, medians; passwords replaced because a step-up or a refusal named the leak, of all accounts; alarms, means of the seeds, by kind.',
    head: ['policy', 'right password denied', 'session failed', 'stepped up', 'users denied', 'users stepped up', 'passwords replaced on its word', 'sign-ups denied', 'false alarms'],
    rows: policiesOf(legit).map((policy) => {
      const runs = legit.filter((run) => run.policy === policy);
      const shares = [middleOf(runs, (run) => run.ordinaryDeniedShare), middleOf(runs, (run) => run.ordinaryFailedShare), middleOf(runs, (run) => run.stepUpShare)].map(percentRange);
      return [policy, ...shares, percent(median(runs.map(({ users }) => users.denied))), percent(median(runs.map(({ users }) => users.stepUps))), percent(median(runs.map(({ replaced }) => replaced))), String(median(runs.map(({ signUpsDenied }) => signUpsDenied))), alarmsByKind(runs)];
    }),
  };
}

function alarmsByKind(runs: readonly RunResult[]): string {
  const kinds = [...new Set(runs.flatMap(({ falseAlarms }) => Object.keys(falseAlarms)))];
  if (kinds.length === 0) return '0';
  return kinds.map((kind) => `${kind} ${Number((runs.reduce((sum, { falseAlarms }) => sum + (falseAlarms[kind] ?? 0), 0) / runs.length).toFixed(1))}`).join(', ');
}

function groupTable(results: readonly RunResult[], title: string, harmOf: (run: RunResult) => HarmByGroup | null): ReportTable {
  const groups: readonly Group[] = [...places, 'known', 'stranger'];
  const text = (harm: Harm): string => `${percent(shareOf(harm.denied, harm))} / ${percent(shareOf(harm.failed, harm))} / ${percent(shareOf(harm.stepUps, harm))}`;
  return {
    title,
    note: 'Right password denied / session failed / stepped up, of the sessions from there, all seeds together. `known` are browsers with a valid cookie.',
    head: ['policy', ...groups],
    rows: policiesOf(results).map((policy) => {
      const harms = results.filter((run) => run.policy === policy).flatMap((run) => harmOf(run) ?? []);
      return [policy, ...groups.map((group) => text(pooled(harms.map((harm) => harm[group]))))];
    }),
  };
}

function pooled(harms: readonly Harm[]): Harm {
  const sum = (of: (harm: Harm) => number): number => harms.reduce((total, harm) => total + of(harm), 0);
  return { sessions: sum(({ sessions }) => sessions), denied: sum(({ denied }) => denied), failed: sum(({ failed }) => failed), stepUps: sum(({ stepUps }) => stepUps) };
}

function victimsTable(results: readonly RunResult[]): ReportTable {
  const runsOf = (policy: string): readonly RunResult[] => results.filter((run) => run.policy === policy && run.attacker === 'A2');
  return {
    title: 'A2, lock-out: sessions of its victims (M5)',
    note: 'All seeds together.',
    head: ['policy', 'failed', 'failed with a valid cookie', 'denied', 'stepped up'],
    rows: policiesOf(results).filter((policy) => runsOf(policy).length > 0).map((policy) => {
      const of = (group: Group): Harm => pooled(runsOf(policy).flatMap(({ victims }) => (victims === null ? [] : [victims[group]])));
      const [all, known] = [of('all'), of('known')];
      return [policy, percent(shareOf(all.failed, all)), percent(shareOf(known.failed, known)), percent(shareOf(all.denied, all)), percent(shareOf(all.stepUps, all))];
    }),
  };
}

function replayTable(results: readonly RunResult[]): ReportTable {
  const runsOf = (policy: string): readonly RunResult[] => results.filter((run) => run.policy === policy && run.attacker === 'A8');
  const time = (runs: readonly RunResult[], kind: string, fromMs: number): string => {
    const middle = median(runs.map(({ detectionByKind }) => (detectionByKind[kind] ?? Infinity) - fromMs));
    return Number.isFinite(middle) ? span(middle) : 'never';
  };
  return {
    title: 'A8, the replay of 2019: what was found, and when (M3)',
    note: 'History: enumeration after 22 h 25 min, several accounts from one address after 11.3 days. Medians.',
    head: ['policy', 'enumeration, from its first probe', 'several accounts from one source, from the first entry', 'any alarm', 'accounts entered in the end'],
    rows: policiesOf(results).filter((policy) => runsOf(policy).length > 0).map((policy) => {
      const runs = runsOf(policy);
      return [policy, time(runs, 'enumeration', enumerationAfterMs), time(runs, 'accounts', 0), detectionText(runs), String(middleOf(runs, ({ entered }) => entered)?.median ?? '')];
    }),
  };
}

function memoryTable(results: readonly RunResult[]): ReportTable {
  const one = (policy: string, attacker: Attacker, value: (run: RunResult) => number | null): number | undefined => middleOf(results.filter((run) => run.policy === policy && run.attacker === attacker), value)?.median;
  const size = (bytes: number | undefined): string => (bytes === undefined ? '' : bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 1024).toFixed(1)} KiB`);
  return {
    title: 'Memory, eviction and races (M6, M8, M9)',
    note: 'Peers: keys times bytes a key, measured for rlf, erl and betterauth, estimated for the others. Blocked means that a right password did not open at once; a block that ends within the hour of the flood counts as lost. A10: of 1,000 guesses at once, those verified beyond what is verified one after another.',
    head: ['policy', 'after 28 quiet days', 'before A9', 'after a million fresh keys', 'blocked sources still blocked', 'A10: beyond the limit'],
    rows: policiesOf(results).map((policy) => {
      const kept = one(policy, 'A9', ({ stillBlocked }) => stillBlocked);
      const flooded = results.some((run) => run.policy === policy && run.attacker === 'A9');
      return [policy, size(one(policy, 'legit', ({ bytes }) => bytes)), size(one(policy, 'A9', ({ bytesBefore }) => bytesBefore)), size(one(policy, 'A9', ({ bytes }) => bytes)), kept === undefined ? (flooded ? 'none was blocked' : '') : percent(kept), String(one(policy, 'A10', ({ overshoot }) => overshoot) ?? '')];
    }),
  };
}
