import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { entryOf, shownEntry, type Entry } from '../audit-line.ts';
import { CommandError } from '../exit.ts';
import { interruptible } from '../interrupt.ts';
import { escapeUnsafe, safeLine } from '../safe-text.ts';
import type { Outcome, Session } from '../session.ts';
import { createTail } from '../tail-file.ts';
import { count } from '../values.ts';

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

function unreadable(line: string | undefined, json: boolean): string | undefined {
  if (line?.trim() === '') return undefined;
  const what = line === undefined ? '(a line of more than 128 KiB)' : `(no entry) ${safeLine(line.slice(0, 200))}`;
  return json ? undefined : what;
}
