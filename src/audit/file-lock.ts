import { open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';
import { BusyError } from '../kernel/errors.ts';
import { systemRandom } from '../kernel/random.ts';
import type { Clock } from '../ports/clock.ts';

/** A lock file says that its owner lives by its time, which is set anew this often. */
const beatMs = 5_000;
/** After so long without a beat the owner counts as gone, on whatever machine it was. */
const staleMs = 30_000;

/** The right to write a file, held by one sink of one process. */
export interface FileLock {
  /** Rejects with ERR_BUSY where another process has taken the lock meanwhile. */
  check(): Promise<void>;
  release(): Promise<void>;
}

interface Owner {
  readonly pid: number;
  readonly thread: number;
  readonly host: string;
  readonly lockId: string;
}

/** The locks of this process: one of its number that is not here is from an earlier process that had the same one. */
const held = new Set<string>();

/**
 * Locks `path` by a file beside it. Two processes that append to one file would each continue the chain from the same line.
 * A lock whose process is gone is taken over: at once on the same host, else after 30 s. Rejects with ERR_BUSY.
 */
export async function lockFile(path: string, clock: Clock): Promise<FileLock> {
  const lockPath = `${path}.lock`;
  const own: Owner = { pid: process.pid, thread: threadId, host: hostname(), lockId: systemRandom(12).toString('base64url') };
  if (!(await created(lockPath, own))) {
    const owner = await ownerOf(lockPath);
    if (!(await isGone(owner, lockPath, clock))) throw busy();
    await removeStale(lockPath, owner);
    if (!(await created(lockPath, own))) throw busy();
  }
  held.add(own.lockId);
  return heldLock(lockPath, own, clock);
}

async function heldLock(lockPath: string, own: Owner, clock: Clock): Promise<FileLock> {
  let beatAtMs = clock.monotonicMs();
  let lost = false;
  let cancel: () => void = () => undefined;

  async function beat(): Promise<void> {
    const owner = await ownerOf(lockPath);
    lost = owner?.lockId !== own.lockId;
    if (lost) return;
    await utimes(lockPath, clock.nowMs() / 1000, clock.nowMs() / 1000);
    beatAtMs = clock.monotonicMs();
  }

  function later(): void {
    cancel = clock.after(beatMs, () => void beat().catch(() => undefined).then(() => { if (held.has(own.lockId)) later(); }), true);
  }

  await beat();
  later();
  return {
    async check() {
      // A process that stood still for long may have lost the lock without noticing.
      if (clock.monotonicMs() - beatAtMs > 2 * beatMs) await beat();
      if (lost) throw busy();
    },
    async release() {
      held.delete(own.lockId);
      cancel();
      if ((await ownerOf(lockPath))?.lockId === own.lockId) await rm(lockPath, { force: true });
    },
  };
}

function busy(): BusyError {
  return new BusyError('audit file: expected to be the only process that writes it, got another one', staleMs);
}

async function created(lockPath: string, own: Owner): Promise<boolean> {
  try {
    const handle = await open(lockPath, 'wx', 0o600);
    await writeFile(handle, JSON.stringify(own)).finally(() => handle.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined for a file that is gone, or says nothing that can be read: its owner is just writing it, or was killed then. */
async function ownerOf(lockPath: string): Promise<Owner | undefined> {
  try {
    const owner = JSON.parse(await readFile(lockPath, 'utf8')) as Partial<Owner> | null;
    return Number.isSafeInteger(owner?.pid) && typeof owner?.lockId === 'string' ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}

async function isGone(owner: Owner | undefined, lockPath: string, clock: Clock): Promise<boolean> {
  const { mtimeMs } = await stat(lockPath).catch(() => ({ mtimeMs: -Infinity }));
  if (Math.abs(clock.nowMs() - mtimeMs) > staleMs) return true;
  if (owner?.host !== hostname()) return false;
  if (owner.pid === process.pid) return owner.thread === threadId && !held.has(owner.lockId);
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Moved before it is removed: of two that find the same stale lock, the second must not remove what the first has made. */
async function removeStale(lockPath: string, owner: Owner | undefined): Promise<void> {
  const aside = `${lockPath}.${systemRandom(6).toString('hex')}`;
  await rename(lockPath, aside).catch(() => undefined);
  const moved = await ownerOf(aside);
  if (moved !== undefined && moved.lockId !== owner?.lockId) {
    await rename(aside, lockPath).catch(() => undefined);
    throw busy();
  }
  await rm(aside, { force: true });
}
