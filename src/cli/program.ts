import { Command } from 'commander';
import type { Act } from './act.ts';
import { addAudit } from './commands/audit.ts';
import { addContain } from './commands/contain.ts';
import { addDoctor } from './commands/doctor.ts';
import { addLift } from './commands/lift.ts';
import { addReadOnly } from './commands/read-only.ts';
import { addReport } from './commands/report.ts';
import { addReset } from './commands/reset.ts';
import { addRevoke } from './commands/revoke.ts';
import { addStatus } from './commands/status.ts';
import { exitCodesHelp } from './exit.ts';
import type { Terminal } from './terminal.ts';

const examples = `
In an incident:
  portcullis doctor                                     can it work at all?
  portcullis read-only on --reason "we look into it"    users read, nobody writes
  portcullis revoke --everyone                          all sessions end
  portcullis reset --all --reason incident              passwords open nothing until replaced by a mailed link
  portcullis contain --source 203.0.113.0/24 --from 2026-11-27T08:00Z --dry-run
                                                        all of that in one go, and mails; first only counted
  portcullis lift                                       users write again`;

/** The command line. Nothing is loaded of the app until a command needs it. */
export function createProgram(act: Act, version: string, terminal: Pick<Terminal, 'print' | 'note'>): Command {
  const program = new Command('portcullis')
    .description('Stops an incident from a terminal, also while the app is down: it works on the stores that the config file names.')
    .version(version, '-V, --version', 'print the version')
    .option('--config <file>', 'the config file (default: portcullis.config.js, .mjs or .ts of this folder)')
    .option('--by <name>', 'who gives the order, for the audit log (default: your user name)')
    .option('--yes', 'do not ask')
    .option('--json', 'print one JSON object, for scripts')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError(true)
    .exitOverride()
    // What commander says of a wrong command line is printed once, by the one who catches it.
    .configureOutput({ writeOut: (text) => { terminal.print(text.trimEnd()); }, writeErr: (text) => { terminal.note(text.trimEnd()); }, outputError: () => undefined })
    .addHelpText('after', `${examples}\n${exitCodesHelp}`);
  for (const add of [addStatus, addReadOnly, addRevoke, addReset, addContain, addLift, addReport, addAudit, addDoctor]) add(program, act);
  return program;
}
