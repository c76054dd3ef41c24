import { CommanderError } from 'commander';
import { isPortcullisError } from '../kernel/errors.ts';
import { CommandError, exitCodes, type ExitCode } from './exit.ts';

export interface Failure {
  readonly exit: ExitCode;
  /** A word for scripts. */
  readonly code: string;
  readonly message: string;
}

const maxCauses = 4;
const codeOfExit: Readonly<Record<ExitCode, string>> = { 0: 'DONE', 1: 'FAILED', 2: 'USAGE', 3: 'REFUSED', 4: 'FINDINGS', 130: 'INTERRUPTED' };

export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) return { exit: exitCodes.usage, code: 'USAGE', message: error.message.replace(/^error: /, '') };
  const exit = error instanceof CommandError ? error.exit : exitCodes.failed;
  return { exit, code: codeIn(error) ?? codeOfExit[exit], message: messageOf(error) };
}

/** The first code of the library on the way down: what is behind a wrong config file, say. */
function codeIn(error: unknown): string | undefined {
  return chainOf(error).find(isPortcullisError)?.code;
}

/** What happened and what was behind it: whoever reads this gives the orders, and needs it. */
function messageOf(error: unknown): string {
  const messages = chainOf(error).map((each) => (each instanceof Error ? each.message : String(each)));
  return messages.filter((message, at) => message !== '' && !messages.slice(0, at).some((before) => before.includes(message))).join(' <- ') || 'it threw nothing that says why';
}

function chainOf(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let each = error; each !== undefined && each !== null && chain.length < maxCauses; each = each instanceof Error ? each.cause : undefined) chain.push(each);
  return chain;
}
