import type { AuditWhatIfResult } from '../../audit/index.ts';
import { CommandError, exitCodes, noSuchLog } from '../exit.ts';
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

/** What guards in observe mode would have done. It is a reading, and no problem by itself. */
export async function whatIf({ open, answer, by, terminal }: Session, { whatIf: asked, from, until, reveal, reason }: WhatIfFlags): Promise<{ readonly text: string; readonly json: Readonly<Record<string, unknown>> }> {
  const why = reveal === true ? await answer(reason, { flag: '--reason', question: 'Why are networks revealed? ' }) : undefined;
  const files = partOf(await open(), 'auditFiles');
  if (files.whatIf === undefined) throw new CommandError(exitCodes.failed, 'the portcullis of the config file has no "auditFiles.whatIf": this command needs it. Nothing was done.');
  const paths = asked === true || asked === undefined ? [] : asked;
  const [path] = paths;
  const found = await files.whatIf({
    ...(paths.length > 1 ? { paths } : present({ path })),
    ...present({ fromMs: from, toMs: until, reveal: why === undefined ? undefined : { by, reason: why } }),
  });
  if (found.files.length === 0) throw noSuchLog(path ?? 'of the log');
  return { text: shownWhatIf(found, (style, text) => terminal.style(style, text)), json: { ...found } satisfies AuditWhatIfResult };
}
