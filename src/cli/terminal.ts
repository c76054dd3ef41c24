import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { CommandError, exitCodes } from './exit.ts';
import { safeLine, safeLines } from './safe-text.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** The terminal, or the pipes in its place. Everything but the answer goes to stderr. */
export interface Terminal {
  /** Whether a person can be asked. */
  readonly interactive: boolean;
  /** Whether a line can be drawn over. */
  readonly animated: boolean;
  /** Lines of the answer. */
  print(text: string): void;
  /** What the person reads beside it. */
  note(text: string): void;
  /** Draws over the current line of stderr; only where `animated`. */
  redraw(line: string): void;
  /** Color, where stdout is a terminal that has it. */
  style(style: Style, text: string): string;
  /** One line of a person; undefined where the input ends. */
  ask(question: string): Promise<string | undefined>;
  /** Resolves when everything is written. */
  flush(): Promise<void>;
  /** Whether nobody reads stdout any more. */
  isDeaf(): boolean;
}

export function createTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  let deaf = false;
  // `| head`: the rest of the answer has no reader. What is under way is finished nevertheless.
  stdout.on('error', () => {
    deaf = true;
  });
  stderr.on('error', () => undefined);
  return {
    interactive: stdin.isTTY && stderr.isTTY,
    animated: stderr.isTTY && process.env['TERM'] !== 'dumb',
    print(text) {
      if (!deaf && text !== '') stdout.write(`${text}\n`);
    },
    note(text) {
      stderr.write(`${text}\n`);
    },
    redraw(line) {
      // A terminal that does not know its width says 0.
      stderr.write(`\r\u001b[2K${line.slice(0, (stderr.columns || 80) - 1)}`);
    },
    style: (style, text) => styleText(style, text, { stream: stdout }),
    async ask(question) {
      const lines = createInterface({ input: stdin, output: stderr });
      const closed = new Promise<undefined>((resolve) => lines.once('close', () => { resolve(undefined); }));
      // readline takes Ctrl-C for itself. Closed first: it gives the terminal back as it was.
      lines.once('SIGINT', () => {
        lines.close();
        process.kill(process.pid, 'SIGINT');
      });
      try {
        return await Promise.race([lines.question(question), closed]);
      } finally {
        lines.close();
      }
    },
    async flush() {
      await Promise.all([stdout, stderr].map((stream) => new Promise<void>((resolve) => {
        if (stream.destroyed || !stream.writable) resolve();
        else stream.write('', () => { resolve(); });
      })));
    },
    isDeaf: () => deaf,
  };
}

/** Goes on if the person types the word, or with `--yes`. Otherwise the command ends with 3 and has done nothing. */
export async function confirm(terminal: Terminal, { yes, word, what }: { readonly yes: boolean; readonly word: string; readonly what: string }): Promise<void> {
  if (yes) return;
  const shown = safeLines(what);
  if (!terminal.interactive) throw new CommandError(exitCodes.refused, `not confirmed: ${shown} Nobody can be asked here; --yes does it. Nothing was done.`);
  terminal.note(shown);
  const typed = await terminal.ask(`Type ${safeLine(word)} to go on: `);
  if (typed?.trim().toLowerCase() !== word.toLowerCase()) throw new CommandError(exitCodes.refused, 'not confirmed. Nothing was done.');
}
