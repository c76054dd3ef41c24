import type { Stats } from 'node:fs';
import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ConfigError } from '../kernel/errors.ts';
import { parseAuditLine, type ParsedLine } from './parse-line.ts';
import { linesFrom, readLines, type FileLine } from './read-lines.ts';

/** Numbers of at least six digits, so that they are not taken for those of logrotate, where 1 is the newest. */
const digits = 6;

/** The files that were rotated away from `path`, oldest first. Their numbers grow and are never used again. */
export async function rotatedFiles(path: string): Promise<readonly { readonly path: string; readonly number: number }[]> {
  const start = `${basename(path)}.`;
  const names = await readdir(dirname(path));
  return names
    .filter((name) => name.startsWith(start) && new RegExp(`^\\d{${digits},15}$`).test(name.slice(start.length)))
    .map((name) => ({ path: join(dirname(path), name), number: Number(name.slice(start.length)) }))
    .sort((one, other) => one.number - other.number);
}

/** Moves the current file out of the way, in one step, and removes the oldest beyond `maxFiles`. */
export async function rotate(path: string, maxFiles: number): Promise<void> {
  const before = await rotatedFiles(path);
  const next = (before.at(-1)?.number ?? 0) + 1;
  await rename(path, `${path}.${String(next).padStart(digits, '0')}`);
  for (const old of before.slice(0, Math.max(0, before.length + 1 - maxFiles))) await rm(old.path, { force: true });
}

/** A file of a log, as it is at the moment. */
export interface AuditFile {
  readonly path: string;
  readonly size: number;
  /** Ms since 1970 of its last write. */
  readonly mtimeMs: number;
  /** Stays the same when it gets another name. */
  readonly identity: string;
}

/** All files of a log, oldest first: the one at `path` and those that it was rotated to, by the library or by logrotate. */
export async function auditFiles(path: string): Promise<readonly AuditFile[]> {
  // The current one first: if it is rotated now, it is found among the others, and none in between is missed.
  const current = await look(path);
  const moved = await lookAll((await pathsOf(path)).filter((one) => one !== path));
  const isMoved = moved.some(({ identity }) => identity === current?.identity);
  return sorted(current === undefined || isMoved ? moved : [...moved, current]);
}

async function pathsOf(path: string): Promise<readonly string[]> {
  const base = basename(path);
  const names = await readdir(dirname(path));
  const own = names.filter((name) => name === base || (name.startsWith(base) && /^[.-]\d[\d.-]*$/.test(name.slice(base.length))));
  return own.map((name) => join(dirname(path), name));
}

/** The lines of a file, also when it was rotated since it was listed. None where it was removed since then. `path`: the log's. */
export async function* linesOf(file: AuditFile, path: string | undefined): AsyncGenerator<FileLine, void, void> {
  const handle = path === undefined ? await open(file.path) : ((await openIf(file.path, file.identity)) ?? (await openMoved(file, resolve(path))));
  if (handle !== undefined) yield* linesFrom(handle);
}

async function openMoved({ identity }: AuditFile, path: string): Promise<FileHandle | undefined> {
  for (const moved of await pathsOf(path)) {
    const handle = await openIf(moved, identity);
    if (handle !== undefined) return handle;
  }
  return undefined;
}

async function openIf(path: string, identity: string): Promise<FileHandle | undefined> {
  const handle = await open(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (handle === undefined || identityOf(await handle.stat()) === identity) return handle;
  await handle.close();
  return undefined;
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

/** The files that a reader was asked for: all of a log, or those that are named, oldest first. Rejects for a named one that is not there. */
export async function filesOf(piece: string, path: string | undefined, paths: readonly string[] | undefined): Promise<readonly AuditFile[]> {
  if ((path === undefined) === (paths === undefined)) throw new ConfigError(`${piece}: expected path or paths`);
  if (path !== undefined) return auditFiles(resolve(path));
  const named = [...new Set(paths?.map((one) => resolve(one)))];
  for (const one of named) await stat(one);
  return inOrder(named);
}

/** Lines looked at for one that can be read. */
const maxLooks = 8;

type Begun = AuditFile & { readonly begin: ParsedLine | undefined };

/** Files by what they begin with: names say little, since logrotate counts backwards. Files that are gone meanwhile are left out. */
async function inOrder(paths: readonly string[]): Promise<readonly AuditFile[]> {
  return sorted(await lookAll(paths));
}

function sorted(files: readonly Begun[]): readonly AuditFile[] {
  return files.toSorted(byBegin).map(({ begin: _begin, ...file }) => file);
}

async function lookAll(paths: readonly string[]): Promise<readonly Begun[]> {
  const files: Begun[] = [];
  for (const path of paths) files.push(...[await look(path)].filter((file) => file !== undefined));
  return files;
}

async function look(path: string): Promise<Begun | undefined> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isFile() !== true) return undefined;
  return { path, size: stats.size, mtimeMs: stats.mtimeMs, identity: identityOf(stats), begin: await beginOf(path) };
}

/** By the place in the chain, which a clock that is set back does not change, else by time. An empty file is the newest. */
function byBegin(one: Begun, other: Begun): number {
  const [left, right] = [one.begin?.link, other.begin?.link];
  if (left !== undefined && left.id === right?.id) return left.seq - right.seq;
  // Without a suffix it is the current one.
  return timeOf(one) - timeOf(other) || other.path.length - one.path.length || (one.path < other.path ? -1 : 1);
}

function timeOf({ begin }: Begun): number {
  return begin === undefined ? Infinity : Date.parse(begin.entry.time);
}

async function beginOf(path: string): Promise<ParsedLine | undefined> {
  try {
    for await (const { line, bytes } of readLines(path)) {
      const parsed = bytes && parseAuditLine(bytes);
      if (parsed !== undefined || line >= maxLooks) return parsed;
    }
  } catch {
    // Gone, or not to be read: whoever reads it next says so.
  }
  return undefined;
}
