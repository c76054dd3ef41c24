import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { systemClock } from '../kernel/clock.ts';
import { callback, integer, optional, port, readOptions, text } from '../kernel/options.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import { auditFiles, type AuditFile } from './file-names.ts';
import { lastBytes } from './line-maker.ts';
import { parseAuditLine } from './parse-line.ts';
import { maxLineBytes } from './read-lines.ts';

export interface PurgeAuditFilesOptions {
  /** The sink's `path`. */
  readonly path: string;
  /** Files whose last entry is older than this, in ms, are removed. */
  readonly olderThanMs: number;
  /** Told of `audit.purged` before anything is removed: the log's own. Default: nobody. */
  readonly emit?: Emit;
  readonly clock?: Clock;
}

export interface PurgedFiles {
  /** The files that were removed, oldest first. */
  readonly removed: readonly string[];
  /** The time of the last entry that went; undefined where none did. */
  readonly lastTime: string | undefined;
}

/**
 * Removes whole files that were rotated away and are older than the retention (OWASP ASVS 5.0 14.2.7), from the oldest on. The
 * current file stays, and with it a chain's end: what is left verifies. Rejects for a file that cannot be removed; throws
 * ERR_CONFIG for a wrong option.
 */
export async function purgeAuditFiles(options: PurgeAuditFilesOptions): Promise<PurgedFiles> {
  const { path: given, olderThanMs, emit, clock } = readOptions('purgeAuditFiles', options, {
    path: text(),
    olderThanMs: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    emit: optional(callback<Emit>()),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
  });
  const path = resolve(given);
  const beforeMs = clock.nowMs() - olderThanMs;
  const old: { readonly path: string; readonly endMs: number }[] = [];
  for (const file of await auditFiles(path)) {
    const endMs = file.path === path ? Infinity : await endOf(file);
    // A gap in the middle would look like a theft.
    if (endMs >= beforeMs) break;
    old.push({ path: file.path, endMs });
  }
  const last = old.at(-1);
  if (last === undefined) return Object.freeze({ removed: Object.freeze([]), lastTime: undefined });
  const lastTime = new Date(last.endMs).toISOString();
  emit?.({ type: 'audit.purged', files: old.length, lastTime });
  for (const file of old) await rm(file.path, { force: true });
  return Object.freeze({ removed: Object.freeze(old.map((file) => file.path)), lastTime });
}

/** The time of its last entry. A file without one is as old as its last write. */
async function endOf({ path, size, mtimeMs }: AuditFile): Promise<number> {
  const lines = (await lastBytes(path, size, maxLineBytes)).toString('latin1').split('\n');
  for (const line of lines.reverse()) {
    const entry = parseAuditLine(Buffer.from(line, 'latin1'))?.entry;
    if (entry !== undefined) return Date.parse(entry.time);
  }
  return Math.floor(mtimeMs);
}
