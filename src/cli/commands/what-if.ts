import type { AuditWhatIfResult } from '../../audit/index.ts';
import { systemClock } from '../../kernel/clock.ts';
import { isPortcullisError } from '../../kernel/errors.ts';
import { CommandError, exitCodes, noSuchLog, usageError } from '../exit.ts';
import { partOf } from '../parts.ts';
import { present } from '../present.ts';
import type { Session } from '../session.ts';
import { shownWhatIf } from '../what-if-words.ts';

export interface WhatIfFlags {
  /** `true`: the log that the config file names. */
  readonly whatIf?: true | readonly string[];
  readonly from?: number;
  readonly until?: number;
  readonly reveal?: boolean;
  readonly reason?: string;
}

const slowMs = 5_000;

/** What guards in observe mode would have done. It is a reading, and no problem by itself. */
export async function whatIf({ open, answer, by, terminal }: Session, { whatIf: asked, from, until, reveal, reason }: WhatIfFlags): Promise<{ readonly text: string; readonly json: Readonly<Record<string, unknown>> }> {
  const why = reveal === true ? await answer(reason, { flag: '--reason', question: 'Why are networks revealed? ' }) : undefined;
  const files = partOf(await open(), 'auditFiles');
  if (files.whatIf === undefined) throw new CommandError(exitCodes.failed, 'the portcullis of the config file has no "auditFiles.whatIf": this command needs it. Nothing was done.');
  const paths = asked === true || asked === undefined ? [] : asked;
  const [path] = paths;
  const stopNote = systemClock.after(slowMs, () => { terminal.note('still reading the log, some 20 MB a second ... (Ctrl-C stops)'); }, true);
  const found = await files.whatIf({
    ...(paths.length > 1 ? { paths } : present({ path })),
    ...present({ fromMs: from, toMs: until, reveal: why === undefined ? undefined : { by, reason: why } }),
  }).finally(stopNote).catch((error: unknown) => {
    throw path === undefined && isPortcullisError(error) && error.code === 'ERR_CONFIG' ? usageError('--what-if: name the log, since the config file does not') : error;
  });
  if (found.files.length === 0) throw path === undefined ? usageError('--what-if: the log that the config file names is not there') : noSuchLog(path);
  return { text: shownWhatIf(found, (style, text) => terminal.style(style, text)), json: { ...found } satisfies AuditWhatIfResult };
}
