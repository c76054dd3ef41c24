import { CommanderError, type Command } from 'commander';
import type { Act, Work } from './act.ts';
import { failureOf, type Failure } from './errors.ts';
import { exitCodes, type ExitCode } from './exit.ts';
import { createProgram } from './program.ts';
import { safeJson, safeLines } from './safe-text.ts';
import { createSession, type GlobalOptions, type Outcome } from './session.ts';
import type { Terminal } from './terminal.ts';

interface Ending {
  readonly outcome?: Outcome | undefined;
  readonly failure?: Failure | undefined;
}

/** Runs one command line and answers its exit code. Never rejects. */
export async function run({ argv, terminal, version }: { readonly argv: readonly string[]; readonly terminal: Terminal; readonly version: string }): Promise<ExitCode> {
  let ending: Ending = {};
  const act: Act = (work) => async function action(this: Command) {
    ending = await perform(this, work as Work<object>, terminal);
  };
  const program = createProgram(act, version, terminal);
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    // Help and version: commander has printed them.
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done;
    if (error instanceof CommanderError && error.code === 'commander.help') return exitCodes.usage;
    ending = { failure: failureOf(error) };
  }
  show(terminal, ending, argv.includes('--json'));
  return ending.failure?.exit ?? ending.outcome?.exit ?? exitCodes.done;
}

async function perform(command: Command, work: Work<object>, terminal: Terminal): Promise<Ending> {
  const options = command.optsWithGlobals<GlobalOptions>();
  let outcome: Outcome | undefined;
  let failure: Failure | undefined;
  try {
    const session = createSession({ command: nameOf(command), options, terminal });
    try {
      outcome = await work(session, options, command.args);
    } catch (error) {
      failure = failureOf(error);
    }
    await session.close();
  } catch (error) {
    failure ??= failureOf(error);
  }
  return { outcome, failure };
}

function show(terminal: Terminal, { outcome, failure }: Ending, json: boolean): void {
  const exit = failure?.exit ?? outcome?.exit ?? exitCodes.done;
  if (json && (outcome === undefined || outcome.json !== undefined || failure !== undefined)) {
    terminal.print(safeJson({ ok: exit === exitCodes.done, ...outcome?.json, ...(failure && { error: { code: failure.code, message: failure.message } }) }, 2));
    return;
  }
  if (outcome !== undefined && !json) terminal.print(outcome.text);
  if (failure !== undefined) terminal.note(`portcullis: ${safeLines(failure.message)}`);
}

/** `read-only on`: the words after the program's own name. */
function nameOf(command: Command): string {
  const names: string[] = [];
  for (let each = command; each.parent !== null; each = each.parent) names.unshift(each.name());
  return names.join(' ');
}
