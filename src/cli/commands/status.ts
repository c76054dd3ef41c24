import type { AddCommand } from '../act.ts';
import { failureOf } from '../errors.ts';
import { exitCodes } from '../exit.ts';
import { shownIncident } from '../incident-words.ts';
import type { Operated } from '../parts.ts';
import { safeLine } from '../safe-text.ts';
import type { Outcome, Session } from '../session.ts';
import { table } from '../table.ts';
import { shownDuration, shownTime } from '../values.ts';
import { shownSwitches } from './read-only.ts';

/** One line of the answer. */
interface Look {
  readonly name: string;
  readonly text: string;
  readonly json: unknown;
  readonly failed?: true;
}

export const addStatus: AddCommand = (program, act) => {
  program.command('status').description('what is switched on, when sessions were ended, and how far incidents are').action(act(status));
};

async function status({ open, nowMs }: Session): Promise<Outcome> {
  const operated = await open();
  const looks = await Promise.all([
    look('read-only', async () => readOnlyLook(operated, nowMs())),
    look('sessions', async () => sessionsLook(operated, nowMs())),
    look('incidents', async () => incidentsLook(operated)),
  ]);
  const failed = looks.some((each) => each.failed);
  return {
    exit: failed ? exitCodes.failed : exitCodes.done,
    text: table(looks.flatMap(({ name, text }) => text.split('\n').map((line, at) => [at === 0 ? name : '', line]))),
    json: Object.fromEntries(looks.map(({ name, json }) => [name, json])),
  };
}

/** One part that fails does not hide the others. */
async function look(name: string, read: () => Promise<Omit<Look, 'name'>>): Promise<Look> {
  try {
    return { name, ...(await read()) };
  } catch (error) {
    const { code, message } = failureOf(error);
    return { name, text: `cannot be read: ${safeLine(message)}`, json: { error: { code, message } }, failed: true };
  }
}

const absent = { text: 'not set up', json: null };

async function readOnlyLook({ readOnly }: Operated, nowMs: number): Promise<Omit<Look, 'name'>> {
  if (readOnly === undefined) return absent;
  const switches = await readOnly.status();
  return { text: shownSwitches(switches, nowMs), json: { switches } };
}

async function sessionsLook({ epochs }: Operated, nowMs: number): Promise<Omit<Look, 'name'>> {
  if (epochs === undefined) return absent;
  const endedMs = await epochs.newest();
  return { text: endedMs === 0 ? "everyone's were never ended" : `everyone's ended ${shownTime(endedMs)} (${shownDuration(nowMs - endedMs)} ago)`, json: { everyoneEndedMs: endedMs === 0 ? null : endedMs } };
}

/** So many are shown; all of them are in the JSON. */
const shownIncidents = 5;

async function incidentsLook({ incident }: Operated): Promise<Omit<Look, 'name'>> {
  if (incident === undefined) return absent;
  const all = await incident.status();
  const more = all.length > shownIncidents ? [`and ${all.length - shownIncidents} older ones`] : [];
  return { text: all.length === 0 ? 'none' : [...all.slice(0, shownIncidents).map(shownIncident), ...more].join('\n'), json: all };
}
