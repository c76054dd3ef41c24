import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

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
