import type { AuditWhatIfResult, WhatIfCounts, WhatIfEntry, WhatIfRule } from '../audit/index.ts';
import { safeLine } from './safe-text.ts';
import { counted, grouped, share, table } from './table.ts';
import type { Style } from './terminal.ts';
import { shownTime } from './values.ts';
import { adviceOf } from './what-if-advice.ts';

type Paint = (style: Style, text: string) => string;

/** Successful sign-ins that are shown; all of them are in the JSON. */
const shownEntered = 20;
/** Days that are shown, the newest. */
const shownDays = 31;

/** What guards in observe mode would have done, for a person who decides whether they may begin to. */
export function shownWhatIf(found: AuditWhatIfResult, paint: Paint): string {
  const title = (text: string): string => `\n${paint('bold', text)}`;
  const { rules, networks, accounts, entered, days } = found;
  return [
    headOf(found),
    ...adviceOf(found).map(({ text, harm }) => `- ${harm ? paint('yellow', wrapped(text)) : wrapped(text)}`),
    title('Attempts to sign in'),
    countsTable(['', ...countWords], [['all', found.signIns], [`would be ${verdictWords.refuse}`, found.refuse], [`would be ${verdictWords['step-up']}`, found.stepUp]], found.signIns.attempts),
    ...(rules.length === 0 ? [] : [title('Why'), rulesTable(rules)]),
    ...(networks.top.length === 0 ? [] : [title(`Networks (${shownOf(networks)})`), numbers([
      ['network', 'tag', 'accounts', 'turned away', 'asked', 'got in', 'of all: in', 'failed'],
      ...networks.top.map((row) => [safeLine(row.network), safeLine(row.networkTag), upTo(row.accounts), grouped(row.refuse), grouped(row.stepUp), grouped(gotIn(row)), grouped(gotIn(row.all)), grouped(row.all.failed)]),
    ], 2)]),
    ...(accounts.top.length === 0 ? [] : [title(`Accounts (${shownOf(accounts)})`), numbers([
      ['account', 'networks', 'turned away', 'asked', 'got in', 'after more', 'failed'],
      ...accounts.top.map((row) => [safeLine(row.account), upTo(row.networks), grouped(row.refuse), grouped(row.stepUp), grouped(row.entered), grouped(row.askedAnyway), grouped(row.failed)]),
    ], 1)]),
    ...(entered.length === 0 ? [] : [title(`Got in, and a password alone would not have done (${grouped(Math.min(shownEntered, entered.length))} of ${grouped(found.enteredCount)}; --json has ${found.enteredCount > entered.length ? 'more' : 'all'})`), table([['time', 'account', 'network', 'tag', 'failed there', 'would be', 'because of'], ...entered.slice(0, shownEntered).map(enteredRow)])]),
    ...(days.length === 0 ? [] : [title(`Days${days.length > shownDays ? ` (the last ${shownDays} of ${grouped(days.length)})` : ''}`), numbers([
      ['day', 'sign-ins', 'turned away', '', 'of them got in', 'asked', '', 'of them got in'],
      ...days.slice(-shownDays).map(({ day, signIns, refuse, stepUp }) => [
        safeLine(day), grouped(signIns.attempts), grouped(refuse.attempts), share(refuse.attempts, signIns.attempts), grouped(gotIn(refuse)), grouped(stepUp.attempts), share(stepUp.attempts, signIns.attempts), grouped(stepUp.entered),
      ]),
    ], 1)]),
  ].join('\n');
}

const verdictWords = { refuse: 'turned away', 'step-up': 'asked for more' } as const;
const countWords = ['attempts', 'share', 'got in', 'after more', 'left off', 'failed', 'unknown'] as const;

function headOf({ files, firstTime, lastTime, unreadable, sealed }: AuditWhatIfResult): string {
  const span = firstTime === undefined || lastTime === undefined ? 'no entry in that time' : `${shownTime(Date.parse(firstTime))} to ${shownTime(Date.parse(lastTime))}`;
  return `What the guards would have done: ${span}, ${counted(files.length, 'file')}${unreadable > 0 ? `; ${counted(unreadable, 'line')} cannot be read` : ''}${sealed > 0 ? `; the addresses of ${counted(sealed, 'line')} are sealed with a key that the config file does not have` : ''}.`;
}

function countsTable(head: readonly string[], rows: readonly (readonly [name: string, counts: WhatIfCounts])[], all: number): string {
  return numbers([head, ...rows.map(([name, counts]) => [name, grouped(counts.attempts), share(counts.attempts, all), ...cells(counts)])], 1);
}

function cells({ entered, askedAnyway, unfinished, failed, unknown }: WhatIfCounts): readonly string[] {
  return [entered, askedAnyway, unfinished, failed, unknown].map(grouped);
}

function rulesTable(rules: readonly WhatIfRule[]): string {
  return numbers([
    ['because of', 'would be', 'observed', 'enforced', 'got in', 'after more', 'failed'],
    ...rules.map(({ guard, limiter, reason, verdict, observed, enforced, signIns: { attempts, entered, askedAnyway, failed } }) => [
      safeLine(limiter === undefined ? `${guard} ${reason}` : `${guard} ${limiter}/${reason}`), verdictWords[verdict], grouped(observed), grouped(enforced),
      ...(attempts === 0 ? ['-', '-', '-'] : [entered, askedAnyway, failed].map(grouped)),
    ]),
  ], 2);
}

function enteredRow(entry: WhatIfEntry): readonly string[] {
  const { time, account, network, networkTag, networkFailed, verdict, because, askedAnyway } = entry;
  const around = networkFailed === undefined ? '-' : grouped(networkFailed).padStart('failed there'.length);
  const what = askedAnyway && verdict === 'step-up' ? 'asked anyway' : verdictWords[verdict];
  return [shownTime(Date.parse(time)), safeLine(account ?? '-'), safeLine(network ?? '-'), safeLine(networkTag ?? '-'), around, what, because.map(safeLine).join(', ')];
}

const wrapChars = 78;

/** The text in lines that a terminal need not break, beside a bullet. */
function wrapped(text: string): string {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + word.length >= wrapChars) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join('\n  ');
}

/** A table whose columns from `first` on are numbers, at the right. */
function numbers(rows: readonly (readonly string[])[], first: number): string {
  const widths: number[] = [];
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return table(rows.map((row) => row.map((cell, at) => (at < first ? cell : cell.padStart(widths[at] ?? 0)))));
}

function shownOf({ count, atLeast, approximate, top }: { readonly count: number; readonly atLeast: boolean; readonly approximate: boolean; readonly top: readonly unknown[] }): string {
  return `${grouped(top.length)} of ${atLeast ? 'more than ' : ''}${grouped(count)}${approximate ? ', about' : ''}`;
}

/** Not more than 32 are counted. */
function upTo(count: number): string {
  return count >= 32 ? '32+' : String(count);
}

function gotIn({ entered, askedAnyway }: WhatIfCounts): number {
  return entered + askedAnyway;
}
