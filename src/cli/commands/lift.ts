import type { AddCommand } from '../act.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { shownLift } from '../incident-words.ts';
import { partOf } from '../parts.ts';
import { safeLine } from '../safe-text.ts';
import type { Outcome, Session } from '../session.ts';
import { filled } from '../values.ts';

interface LiftOptions {
  readonly id?: string;
}

export const addLift: AddCommand = (program, act) => {
  program
    .command('lift')
    .description('end the containment of an incident: read-only mode, if the incident switched it on; all else stays')
    .option('--id <id>', 'the incident (default: the newest)', filled)
    .action(act(lift));
};

async function lift({ open, confirm, by }: Session, options: LiftOptions): Promise<Outcome> {
  const incident = partOf(await open(), 'incident');
  const id = options.id ?? (await newestIncident(incident));
  await confirm({ word: 'lift', what: `This lifts the read-only mode of incident ${id}: everyone may write again, the attackers too if they are still in.` });
  const report = await incident.lift({ id, by });
  if (!report.found) throw unknownIncident(id);
  return { text: shownLift(report), json: { ...report } };
}

export async function newestIncident(incident: { status(): Promise<readonly { readonly id: string }[]> }): Promise<string> {
  const [newest] = await incident.status();
  if (newest === undefined) throw new CommandError(exitCodes.failed, 'there is no incident. Nothing was done.');
  return newest.id;
}

export function unknownIncident(id: string): CommandError {
  return new CommandError(exitCodes.failed, `there is no incident ${safeLine(id)}; "portcullis status" lists them. Nothing was done.`);
}
