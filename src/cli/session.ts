import { userInfo } from 'node:os';
import { systemClock } from '../kernel/clock.ts';
import { cleanLabel } from '../kernel/label.ts';
import { findConfig, loadConfig } from './config.ts';
import { CommandError, exitCodes, usageError, type ExitCode } from './exit.ts';
import type { Operated } from './parts.ts';
import { confirm, type Terminal } from './terminal.ts';

/** What every command takes. */
export interface GlobalOptions {
  readonly config?: string;
  readonly by?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** What a command ends with: `text` for a person, `json` for `--json`. */
export interface Outcome {
  /** Default `done`. */
  readonly exit?: ExitCode;
  readonly text: string;
  /** Absent where the command has printed its JSON itself. */
  readonly json?: Readonly<Record<string, unknown>>;
}

/** One run of the command. */
export interface Session {
  readonly terminal: Terminal;
  readonly by: string;
  readonly json: boolean;
  readonly nowMs: () => number;
  /** Loads the config file, once. */
  readonly open: () => Promise<Operated>;
  readonly confirm: (question: { readonly word: string; readonly what: string }) => Promise<void>;
  /** An answer that an order needs: from its flag, or from the person; else the command ends with 2. */
  readonly answer: (given: string | undefined, need: { readonly flag: string; readonly question: string }) => Promise<string>;
  /** Lets the audit log and the mails be written. */
  readonly close: () => Promise<void>;
}

const maxByChars = 100;
const closeMs = 10_000;

export function createSession({ command, options, terminal }: { readonly command: string; readonly options: GlobalOptions; readonly terminal: Terminal }): Session {
  const by = operator(options.by);
  const audit = watchAudit();
  let opened: Promise<Operated> | undefined;
  return {
    terminal,
    by,
    json: options.json === true,
    nowMs: () => systemClock.nowMs(),
    open: () => (opened ??= Promise.resolve().then(() => loadConfig(findConfig(options.config, process.cwd()), { command, by }, terminal))),
    confirm: (question) => confirm(terminal, { yes: options.yes === true, ...question }),
    async answer(given, { flag, question }) {
      const text = given ?? (terminal.interactive ? await terminal.ask(question) : undefined);
      if (text === undefined || text.trim() === '') throw usageError(`${flag} is missing`);
      return text.trim();
    },
    async close() {
      const operated = await opened?.catch(() => undefined);
      const undone = (await operated?.close(closeMs)) ?? 0;
      audit.end();
      if (undone !== 0) throw new CommandError(exitCodes.failed, `done, but ${undone} entries of the audit log or mails could not be written`);
      const told = audit.told();
      if (told !== undefined) throw new CommandError(exitCodes.failed, `done, but the audit log may not know of it: ${told}`);
    },
  };
}

/** An order that leaves no trace must not pass in silence. The audit log says by a warning of the process that no sink takes its entries. */
function watchAudit(): { readonly told: () => string | undefined; readonly end: () => void } {
  let told: string | undefined;
  const listen = (warning: Error & { readonly code?: string }): void => {
    if (warning.code === 'PORTCULLIS_AUDIT') told ??= warning.message;
  };
  process.on('warning', listen);
  return { told: () => told, end: () => process.off('warning', listen) };
}

/** Who is at the keyboard, also behind sudo. The system may not know. */
function operator(given: string | undefined): string {
  const name = cleanLabel(given ?? process.env['SUDO_USER'] ?? systemUser(), maxByChars);
  if (name === '') throw usageError('--by: expected who gives the order');
  return name;
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env['USER'] ?? '';
  }
}
