import type { Alarm } from '../../ports/alarm.ts';
import { counted, figure } from '../figures.ts';
import { alarmKinds } from '../kinds.ts';
import { hasStrangers } from './urgency.ts';
import type { AlarmView } from './view.ts';

/** `Attack: Credential stuffing (OAT-008)`. Of closed words alone: nothing that a stranger typed can be in it. */
export function titleOf({ kind, level, isOver }: Pick<Alarm, 'kind' | 'level' | 'isOver'>): string {
  const { title, oat } = alarmKinds[kind];
  const word = isOver ? 'Over' : level === 'attack' ? 'Attack' : 'Elevated';
  return `${word}: ${title}${oat === undefined ? '' : ` (${oat})`}`;
}

/** One sentence of closed words and figures: who or where is in none of them. */
export function summaryOf(alarm: Alarm): string {
  const { kind, count, sinceMs, accounts, enteredTotal, isSpread } = alarm;
  const since = `${new Date(sinceMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const networks = networksOf(alarm);
  const from = networks === 0 ? '' : ` from ${counted(networks, 'network')}`;
  const against = accounts.total === 0 ? '' : ` against ${counted(accounts.total, 'account or name', 'accounts or names')}`;
  const got = enteredTotal === 0 ? 'nobody came in' : isSpread ? `${counted(enteredTotal, 'stranger')} signed in since a day before` : `${counted(enteredTotal, 'account was', 'accounts were')} entered`;
  return `${counted(count, alarmKinds[kind].counted.replace(/s$/, ''))} since ${since}${from}${against}; ${got}.`;
}

/** What to do, for whoever was asleep a minute ago. */
export function nextOf(alarm: Alarm): string {
  const { kind, isOver, isSpread, enteredTotal } = alarm;
  const own = alarmKinds[kind].next;
  if (kind === 'no-address') return own;
  if (enteredTotal > 0 && isSpread) return `Most who are listed are themselves. Look through those who signed in after it began, and contain who is not. ${own}`;
  if (enteredTotal > 0 && !hasStrangers(alarm)) return `Only browsers that their accounts know signed in from there: neighbors, unless a thief was in before. ${own}`;
  if (enteredTotal > 0) return `Contain the accounts that were entered, strangers first. ${own}`;
  return isOver ? 'It is over, and nobody came in: nothing.' : `Nobody came in so far: watch it. ${own}`;
}

/** The list names 20; the monitor says how many there are. */
function networksOf({ evidence, sources }: Pick<Alarm, 'evidence' | 'sources'>): number {
  const { networks } = evidence;
  return typeof networks === 'number' ? Math.max(networks, sources.length) : sources.length;
}

/** How many networks and accounts a person is shown. All are in the webhook's JSON. */
const maxShown = 20;

/** What a person reads below the headline, as labels and values. Who and where only where it is revealed. */
export function factsOf(view: AlarmView): readonly (readonly [label: string, value: string])[] {
  const evidence = Object.entries(view.evidence).map(([name, value]) => `${name} ${typeof value === 'number' ? figure(value) : value}`);
  const strangers = view.entered.filter(({ knownDevice }) => !knownDevice).length;
  return [
    ['Level', view.isOver ? `${view.level}, over` : view.level],
    ['Since', view.since],
    ['Newest sign', view.last],
    [`Count of ${alarmKinds[view.kind].counted}`, figure(view.count)],
    ['Networks', figure(networksOf(view))],
    ['Accounts or names tried', figure(view.accounts.total)],
    ['Entered meanwhile', view.enteredTotal === 0 ? 'nobody' : `${counted(view.enteredTotal, 'account')}, ${figure(strangers)} of those listed by browsers that they do not know`],
    ...(evidence.length === 0 ? [] : [['Evidence', evidence.join(', ')] as const]),
    ...(view.revealed ? revealedFacts(view) : []),
    ['Next', view.next],
    ['Alarm', view.id],
  ];
}

function revealedFacts({ cause, sources, accounts, entered, enteredTotal }: AlarmView): readonly (readonly [string, string])[] {
  const lists = [
    ['Cause', cause],
    ['From', shown(sources, sources.length)],
    ['Tried', shown(accounts.ids, accounts.total)],
    ['Entered', shown([...new Set(entered.map(({ account }) => account))], enteredTotal)],
  ] as const;
  return lists.filter(([, value]) => value !== '');
}

function shown(texts: readonly string[], total: number): string {
  const some = texts.slice(0, maxShown);
  const more = total - some.length;
  return some.join(', ') + (more > 0 ? `, and ${figure(more)} more` : '');
}
