import { figure } from '../figures.ts';
import type { AlarmView } from './view.ts';
import { factsOf, titleOf } from './words.ts';

export interface MailParts {
  /** What the mail is about. Without it, it is about what was held back. */
  readonly alarm: AlarmView | undefined;
  readonly held: readonly AlarmView[];
  /** How many others were held back. */
  readonly more: number;
}

/** One line of closed words and figures: no header can be put into it. */
export function subjectOf({ alarm, held, more }: MailParts): string {
  const others = held.length + more;
  if (alarm === undefined) return `[portcullis] ${figure(others)} ${others === 1 ? 'alarm' : 'alarms'} since the last mail`;
  return `[portcullis] ${titleOf(alarm)}${others === 0 ? '' : `, and ${figure(others)} more`}`;
}

/** Plain text. Values are single lines already: nothing in them can look like a line of ours. */
export function mailTextOf({ alarm, held, more }: MailParts): string {
  const lines = [
    ...(alarm === undefined ? [] : [alarm.summary, '', ...factsOf(alarm).map(([label, value]) => `${label}: ${value}`), '']),
    ...(held.length + more === 0 ? [] : ['Since the last mail:', ...held.map((view) => `- ${titleOf(view)}: ${view.summary}`)]),
    ...(more === 0 ? [] : [`- ${figure(more)} more`]),
  ];
  return `${lines.join('\n').trim()}\n`;
}
