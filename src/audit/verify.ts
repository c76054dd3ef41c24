import { resolve } from 'node:path';
import { ConfigError } from '../kernel/errors.ts';
import type { KeyRing } from '../kernel/keys.ts';
import { integer, list, optional, port, readOptions, text } from '../kernel/options.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { readAnchor } from './anchor.ts';
import { createChainKeys } from './chain.ts';
import { createChainCheck, type AuditFileProblem } from './chain-check.ts';
import { filesOf, linesOf } from './file-names.ts';
import { isJson } from './parse-line.ts';

export interface VerifyAuditFilesOptions {
  /** The ring of the sink, old keys included. */
  readonly keys: KeyRing;
  /** The sink's `path`: all files of that log are read. */
  readonly path?: string;
  /** The files themselves, instead of `path`. In whatever order. */
  readonly paths?: readonly string[];
  /** The sink's record store. Without it a cut at the end is not found. */
  readonly records?: RecordStore;
  /** The sink's `anchorName`. Default: the path. */
  readonly anchorName?: string;
  /** Problems that are told one by one. Default 100; the others are counted. */
  readonly maxProblems?: number;
}

/** What became of the chain's end in the record store. `unknown`: no store was handed in. */
export type AnchorState = 'unknown' | 'absent' | 'forged' | 'reached' | 'passed-over';

export interface AuditVerification {
  /** Whether every line is there as it was written, up to the end that the record store knows. */
  readonly ok: boolean;
  /** Lines that are as they were written. */
  readonly entries: number;
  /** Lines that a crash or a full disk left unfinished, as the line behind them says. No problem. */
  readonly torn: number;
  readonly files: readonly string[];
  /** The numbers of the first and the last genuine line: what was before the first was rotated away or purged. */
  readonly firstSeq: number | undefined;
  readonly lastSeq: number | undefined;
  readonly anchor: AnchorState;
  /** The first ones, in the order of the files. */
  readonly problems: readonly AuditFileProblem[];
  /** All of them. */
  readonly problemCount: number;
}

/** The defaults of {@link verifyAuditFiles}. */
export const verifyAuditFilesDefaults = Object.freeze({ maxProblems: 100 });

/**
 * Reads the files of a chained log and finds every line that was changed, removed, moved or added (OWASP ASVS 5.0 16.4.2). A cut
 * at the end is found with `records`. Memory does not grow with the files. Rejects for a file that cannot be read and for a
 * broken store; throws ERR_CONFIG for a wrong option.
 */
export async function verifyAuditFiles(options: VerifyAuditFilesOptions): Promise<AuditVerification> {
  const { keys, path, paths, records, anchorName, maxProblems } = readOptions('verifyAuditFiles', options, {
    keys: port<KeyRing>(['digests', 'derive'], undefined, 'createKeyRing()'),
    path: optional(text()),
    paths: optional(list(text())),
    records: optional(port<RecordStore>(['read', 'compareAndSet', 'watch'])),
    anchorName: optional(text()),
    maxProblems: integer({ min: 1, max: 100_000, fallback: verifyAuditFilesDefaults.maxProblems }),
  });
  // Before the files: what is written meanwhile must not seem cut off.
  const name = anchorName ?? (path === undefined ? undefined : resolve(path));
  if (records !== undefined && name === undefined) throw new ConfigError('verifyAuditFiles.anchorName: expected the name of the anchor beside paths');
  const anchor = records === undefined || name === undefined ? undefined : await readAnchor({ records, keys, name });
  const files = await filesOf('verifyAuditFiles', path, paths);
  const check = createChainCheck(maxProblems, anchor === undefined || typeof anchor === 'string' ? undefined : anchor);
  const chain = createChainKeys(keys);
  for (const file of files) {
    check.begin(file.path);
    for await (const { line, bytes, ended } of linesOf(file, path)) {
      if (bytes === undefined) check.unreadable(line, ended, false);
      else {
        const seen = chain.examine(bytes);
        if (seen.kind === 'malformed') check.unreadable(line, ended, !isJson(bytes));
        else check.see(line, seen);
      }
    }
  }
  return Object.freeze({ ...check.end(anchor), files: files.map((file) => file.path) });
}
