import type { AddCommand } from '../act.ts';
import { exitCodes } from '../exit.ts';
import { partOf } from '../parts.ts';
import { safeLine } from '../safe-text.ts';
import type { Outcome, Session } from '../session.ts';
import { counted, table } from '../table.ts';

const words = { ok: 'ok', warn: 'warn', bad: 'BAD' } as const;
const styles = { ok: 'green', warn: 'yellow', bad: 'red' } as const;

export const addDoctor: AddCommand = (program, act) => {
  program
    .command('doctor')
    .description('check what an incident needs: stores that answer and keep what they are told, keys, configuration')
    .action(act(doctor));
};

async function doctor({ open, terminal }: Session): Promise<Outcome> {
  const operated = await open();
  partOf(operated, 'doctor');
  const report = await operated.doctor?.();
  const findings = report?.findings ?? [];
  // What the findings say counts, and so does a doctor who says that there is more to it.
  const ok = report?.ok === true && !findings.some(({ level }) => level === 'bad');
  const rows = findings.map(({ level, check, detail }) => [terminal.style(styles[level], words[level].padEnd(4)), safeLine(check), safeLine(detail)]);
  const warnings = findings.filter(({ level }) => level === 'warn').length;
  const last = ok ? `Nothing is wrong${warnings > 0 ? `; ${counted(warnings, 'warning')}` : ''}.` : 'Something is wrong: see above.';
  return { exit: ok ? exitCodes.done : exitCodes.findings, text: `${table(rows)}\n${last}`, json: { findings } };
}
