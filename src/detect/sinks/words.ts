import type { Alarm } from '../../ports/alarm.ts';
import { alarmKinds } from '../kinds.ts';
import type { AlarmView } from './view.ts';

/** `Attack: Credential stuffing (OAT-008)`. Of closed words alone: nothing that a stranger typed can be in it. */
export function titleOf({ kind, level }: Pick<Alarm, 'kind' | 'level'>): string {
  const { title, oat } = alarmKinds[kind];
  return `${level === 'attack' ? 'Attack' : 'Elevated'}: ${title}${oat === undefined ? '' : ` (${oat})`}`;
}

/** One sentence of closed words and figures: who or where is in none of them. */
export function summaryOf({ kind, count, sinceMs, sources, accounts, entered }: Alarm): string {
  const since = `${new Date(sinceMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const from = sources.length === 0 ? '' : ` from ${atLeast(sources.length, 20, 'network')}`;
  const against = accounts.total === 0 ? '' : ` against ${counted(accounts.total, 'account')}`;
  const got = entered.length === 0 ? 'nobody came in' : `${atLeast(entered.length, 1_000, 'sign-in')} succeeded meanwhile`;
  return `${figure(count)} ${alarmKinds[kind].counted} since ${since}${from}${against}; ${got}.`;
}

/** `12,345`, whatever the language of the machine. */
export function figure(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

function counted(value: number, noun: string): string {
  return `${figure(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** Lists are cut: a full one says no more than that. */
function atLeast(value: number, full: number, noun: string): string {
  return `${value >= full ? 'at least ' : ''}${counted(value, noun)}`;
}

/** How many networks and accounts a person is shown. All are in the webhook's JSON. */
const maxShown = 20;

/** What a person reads below the headline, as labels and values. Who and where only where it is revealed. */
export function factsOf(view: AlarmView): readonly (readonly [label: string, value: string])[] {
  const evidence = Object.entries(view.evidence).map(([name, value]) => `${name} ${typeof value === 'number' ? figure(value) : value}`);
  return [
    ['Level', view.level],
    ['Since', view.since],
    ['Newest sign', view.last],
    [`Count of ${alarmKinds[view.kind].counted}`, figure(view.count)],
    ['Networks', atLeast(view.sources.length, 20, 'network')],
    ['Accounts tried', figure(view.accounts.total)],
    ['Signed in meanwhile', atLeast(view.entered.length, 1_000, 'sign-in')],
    ...(evidence.length === 0 ? [] : [['Evidence', evidence.join(', ')] as const]),
    ...(view.revealed ? revealedFacts(view) : []),
    ['Alarm', view.id],
  ];
}

function revealedFacts({ cause, sources, accounts, entered }: AlarmView): readonly (readonly [string, string])[] {
  const lists = [
    ['Cause', cause],
    ['From', shown(sources, sources.length)],
    ['Tried', shown(accounts.ids, accounts.total)],
    ['Entered', shown([...new Set(entered.map(({ account }) => account))])],
  ] as const;
  return lists.filter(([, value]) => value !== '');
}

function shown(texts: readonly string[], total = texts.length): string {
  const some = texts.slice(0, maxShown);
  const more = total - some.length;
  return some.join(', ') + (more > 0 ? `, and ${figure(more)} more` : '');
}
