import { createHash } from 'node:crypto';
import { alarmKinds, type Alarm, type AttackLevel, type MonitorSnapshot } from 'portcullis/detect';
import { barsPath, linePath, mostOf, niceTop, type ChartField } from './charts.ts';
import { clockText, counted, figure, isoOf, levelWords, someOf, spanText } from './words.ts';

/** What the live page shows: words, and paths to draw. The page is made of it, and what is sent afterwards is it. */
export interface LivePicture {
  /** `03:12:45 UTC` */
  readonly at: string;
  readonly level: { readonly kind: AttackLevel; readonly word: string; readonly sentence: string };
  readonly totals: Readonly<Record<ChartField, LiveTotal>>;
  readonly chart: { readonly top: string; readonly attempts: string; readonly failures: string; readonly challenges: string; readonly words: string };
  readonly alarms: readonly LiveAlarm[];
  /** Hidden where there is none. `null` shows it. */
  readonly noAlarms: '' | null;
  readonly sources: readonly LiveSource[];
  readonly noSources: '' | null;
}

export interface LiveTotal {
  readonly hour: string;
  readonly recent: string;
  readonly bars: string;
}

export interface LiveAlarm {
  /** Stands for the alarm in addresses: its own id may name a network or an account. */
  readonly key: string;
  readonly title: string;
  readonly oat: string;
  readonly word: string;
  readonly badge: string;
  readonly since: string;
  readonly what: string;
  readonly entered: string;
  readonly enteredClass: string;
  readonly advice: string;
  readonly contain: string;
  readonly button: string;
  readonly noContain: '' | null;
}

export interface LiveSource {
  readonly key: string;
  readonly network: string;
  readonly accounts: string;
  readonly bar: string;
  readonly alarms: string;
}

export const shownAlarms = 12;
const shownSources = 10;
const fields = ['attempts', 'failures', 'challenges', 'refused', 'signUps', 'resets'] as const satisfies readonly ChartField[];

/** `addressOf`: the mail address of an account, for an operator. */
export function pictureOf(snapshot: MonitorSnapshot, addressOf: (accountId: string) => string): LivePicture {
  const { atMs, level, minutes } = snapshot;
  const alarms = sorted(snapshot);
  const top = niceTop(mostOf(minutes, ['attempts', 'failures', 'challenges']));
  const part = (field: ChartField, to = top) => ({ minutes, field, atMs, top: to });
  const total = (field: ChartField): LiveTotal => ({
    hour: figure(sumOf(snapshot, field, 60)),
    recent: `5 min: ${figure(sumOf(snapshot, field, 5))}`,
    bars: barsPath(part(field, Math.max(3, mostOf(minutes, [field])))),
  });
  return {
    at: clockText(atMs, { seconds: true }),
    level: { kind: level, word: levelWords[level], sentence: sentenceOf(snapshot) },
    totals: Object.fromEntries(fields.map((field) => [field, total(field)])) as Record<ChartField, LiveTotal>,
    chart: {
      top: `${figure(top)} a minute`,
      attempts: barsPath(part('attempts')),
      failures: barsPath(part('failures')),
      challenges: linePath(part('challenges')),
      words: `The last hour: ${counted(sumOf(snapshot, 'attempts', 60), 'attempt')} to sign in, of which ${figure(sumOf(snapshot, 'failures', 60))} failed and ${figure(sumOf(snapshot, 'challenges', 60))} were asked for more. At most ${figure(mostOf(minutes, ['attempts']))} in one minute.`,
    },
    alarms: alarms.slice(0, shownAlarms).map((alarm) => alarmItem(alarm, atMs, addressOf)),
    noAlarms: alarms.length > 0 ? '' : null,
    sources: sourceItems(snapshot),
    noSources: snapshot.sources.length > 0 ? '' : null,
  };
}

/** The alarm of a key, where the monitor still knows it. */
export function alarmOfKey(snapshot: MonitorSnapshot, key: string): Alarm | undefined {
  return snapshot.alarms.find((alarm) => keyOf(alarm.id) === key);
}

/** The accounts that were entered, each once, in the order of their sign-ins. */
export function enteredAccounts({ entered }: Alarm): readonly string[] {
  return [...new Set(entered.map(({ accountId }) => accountId))];
}

export function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}

/** The most urgent first: what goes on before what is over, where somebody came in before the rest, attacks before less. */
function sorted({ alarms }: MonitorSnapshot): readonly Alarm[] {
  const rank = (alarm: Alarm): number => (alarm.isOver ? 8 : 0) + (alarm.entered.length > 0 && !alarm.isSpread ? 0 : 4) + (alarm.level === 'attack' ? 0 : 2) + (alarm.isSpread ? 0 : 1);
  return alarms.toSorted((one, other) => rank(one) - rank(other));
}

function sumOf({ minutes }: MonitorSnapshot, field: ChartField, last: number): number {
  return minutes.slice(-last).reduce((sum, minute) => sum + minute[field], 0);
}

function sentenceOf({ level, alarms }: MonitorSnapshot): string {
  const on = alarms.filter(({ isOver }) => !isOver);
  if (on.length === 0) return level === 'calm' ? 'Nothing unusual goes on.' : 'Something was unusual a moment ago.';
  const entered = new Set(on.filter((alarm) => !alarm.isSpread).flatMap((alarm) => enteredAccounts(alarm))).size;
  const strangers = new Set(on.filter(({ isSpread }) => isSpread).flatMap((alarm) => enteredAccounts(alarm))).size;
  const lead = level === 'attack' ? 'An attack goes on' : level === 'elevated' ? 'Something is unusual' : 'It has calmed down';
  const came = entered > 0 ? `${counted(entered, 'account was', 'accounts were')} entered: contain it.` : strangers > 0 ? `${counted(strangers, 'account', 'accounts')} may have been entered: look at them.` : 'Nobody came in.';
  return `${lead}: ${counted(on.length, 'alarm')}. ${came}`;
}

function alarmItem(alarm: Alarm, atMs: number, addressOf: (accountId: string) => string): LiveAlarm {
  const on = !alarm.isOver;
  const accounts = enteredAccounts(alarm);
  const key = keyOf(alarm.id);
  return {
    key,
    title: alarmKinds[alarm.kind].title,
    oat: alarm.oat ?? '',
    word: on ? levelWords[alarm.level] : 'Over',
    badge: `badge${on ? (alarm.level === 'attack' ? ' bad' : ' due') : ''}`,
    since: `Since ${clockText(alarm.sinceMs, { nowMs: atMs })}, ${spanText(atMs - alarm.sinceMs)} ago. Newest sign ${spanText(atMs - alarm.lastMs)} ago.`,
    what: factsOf(alarm),
    entered: accounts.length === 0 ? 'nobody' : `${alarm.isSpread ? 'perhaps ' : ''}${counted(accounts.length, 'account')}: ${someOf(accounts.slice(0, 5).map(addressOf), { shown: 5, total: accounts.length })}`,
    enteredClass: accounts.length === 0 ? '' : 'entered',
    advice: adviceOf(alarm, { on, entered: accounts.length }),
    contain: `/operator/alarms/${key}/contain`,
    button: accounts.length > 0 ? 'button danger' : 'button danger-secondary',
    noContain: alarm.kind === 'no-address' ? '' : null,
  };
}

/** `19 attempts at 16 accounts or names, from 127.9.0.3` */
function factsOf({ kind, count, accounts, sources, evidence }: Alarm): string {
  const what = alarmKinds[kind].counted.replace(/s$/, '');
  const at = accounts.total === 0 ? '' : ` at ${counted(accounts.total, 'account or name', 'accounts or names')}`;
  const networks = Number(evidence['networks'] ?? sources.length);
  const from = sources.length === 0 ? '' : `, from ${networks > 1 ? `${figure(networks)} networks: ` : ''}${someOf(sources, { shown: 5, total: networks })}`;
  return counted(count, what) + at + from;
}

function adviceOf(alarm: Alarm, { on, entered }: { readonly on: boolean; readonly entered: number }): string {
  if (alarm.kind === 'no-address') return 'This is no attack. Look at the proxy in front of the app: it passes no client address on.';
  if (entered > 0 && alarm.isSpread) return 'It comes from many networks: listed is every stranger who signed in since the day before. Look them through, then contain those who are not themselves.';
  if (entered > 0) return 'Somebody came in from where the attack came from. Contain it: you see a count before anything is done.';
  return on ? 'Nobody came in so far. Watch it; the sign-in asks strangers for more by itself.' : 'It is over, and nobody came in. There is nothing to do.';
}

function sourceItems({ sources, alarms }: MonitorSnapshot): readonly LiveSource[] {
  const shown = sources.slice(0, shownSources);
  const most = shown.reduce((so, { accounts }) => Math.max(so, accounts), 1);
  return shown.map(({ network, accounts }) => {
    const kinds = new Set(alarms.filter((alarm) => alarm.sources.includes(network) || alarm.cause === network).map(({ kind }) => alarmKinds[kind].title));
    return { key: network, network, accounts: figure(accounts), bar: `M0 0H${Math.max(1, Math.round((100 * accounts) / most))}V10H0Z`, alarms: kinds.size === 0 ? 'no alarm' : [...kinds].join(', ') };
  });
}

/** For the form of a containment: the beginning, as a `datetime-local` field has it, in UTC. */
export function beginningOf({ sinceMs, entered }: Alarm): string {
  return isoOf(entered.reduce((first, { atMs }) => Math.min(first, atMs), sinceMs)).slice(0, 16);
}
