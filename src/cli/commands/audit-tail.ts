import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { interruptible } from '../interrupt.ts';
import { escapeUnsafe, safeLine } from '../safe-text.ts';
import type { Outcome, Session } from '../session.ts';
import { createTail } from '../tail-file.ts';
import { count } from '../values.ts';
import { CommandError } from '../exit.ts';

interface TailOptions {
  readonly lines: number;
  readonly follow?: boolean;
  readonly account?: string;
  readonly event?: string;
}

export function addTail(audit: Command, act: Act): void {
  audit
    .command('tail')
    .description('print the last entries of a file; needs no config file. With --json each is one line')
    .argument('<file>', 'the log')
    .option('-n, --lines <count>', 'how many, 10,000 at most', count, 20)
    .option('-f, --follow', 'go on as they come, until Ctrl-C')
    .option('--account <id>', 'those of this account')
    .option('--event <type>', 'those of this type, or of a family: sign-in, read-only.changed')
    .action(act(tail));
}

/** An entry as far as it is shown. Whoever can write the file can put anything there. */
interface Entry {
  readonly [field: string]: unknown;
}

async function tail({ terminal, json }: Session, { lines, follow = false, account, event }: TailOptions, [path = '']: readonly string[]): Promise<Outcome> {
  const chosen = account !== undefined || event !== undefined;
  const wanted = (entry: Entry): boolean =>
    (account === undefined || entry['account'] === account) && (event === undefined || entry['event'] === event || String(entry['event']).startsWith(`${event}.`));
  const render = (line: string | undefined): string | undefined => {
    const entry = line === undefined ? undefined : entryOf(line);
    if (entry === undefined) return chosen ? undefined : unreadable(line, json);
    if (!wanted(entry)) return undefined;
    return json && line !== undefined ? escapeUnsafe(line) : shownEntry(entry);
  };
  const file = await createTail(path, render);
  try {
    for (const text of await file.last(Math.min(lines, 10_000))) terminal.print(text);
    if (follow) await followed({ terminal }, (signal) => file.follow(signal, (text) => { terminal.print(text); return !terminal.isDeaf(); }));
  } finally {
    await file.close();
  }
  return { text: '' };
}

/** Ctrl-C is how it ends, and no failure. */
async function followed({ terminal }: Pick<Session, 'terminal'>, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  try {
    await interruptible(terminal, '', work, true);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
  }
}

function entryOf(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Entry) : undefined;
  } catch {
    return undefined;
  }
}

function unreadable(line: string | undefined, json: boolean): string | undefined {
  if (line?.trim() === '') return undefined;
  const what = line === undefined ? '(a line of more than 128 KiB)' : `(no entry) ${safeLine(line.slice(0, 200))}`;
  return json ? undefined : what;
}

const shownApart = ['time', 'id', 'level', 'event', 'outcome', 'account', 'owasp', 'details', 'chain', 'app'];

/** `2026-11-27T18:20:05.123Z critical sign-in.failed failure account=42 reason=wrong-password`. */
function shownEntry(entry: Entry): string {
  const { time, level, event, outcome, account, details } = entry;
  const head = [time, String(level).padEnd(8), event, outcome].map(safeLine);
  const others = Object.entries(entry).filter(([field]) => !shownApart.includes(field));
  const more = [...(account === undefined ? [] : [['account', account] as const]), ...others, ...Object.entries(Object(details) as object)];
  return [...head, ...more.map(([field, value]) => `${safeLine(field)}=${safeLine(typeof value === 'string' ? value : JSON.stringify(value))}`)].join(' ');
}
