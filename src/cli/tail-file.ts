import { open, stat, type FileHandle } from 'node:fs/promises';
import { systemClock } from '../kernel/clock.ts';
import { usageError } from './exit.ts';
import { createLines } from './lines.ts';

/** What a line is shown as; undefined passes it over. Gets undefined for a line of more than 128 KiB, which no entry is. */
export type RenderLine = (line: string | undefined) => string | undefined;

export interface TailedFile {
  /** The last so many lines that are shown. */
  last(count: number): Promise<readonly string[]>;
  /** Those that come from then on, also in the file that takes the place of a rotated one. Ends with the signal, or when `show` answers false. */
  follow(signal: AbortSignal, show: (text: string) => boolean): Promise<void>;
  close(): Promise<void>;
}

const chunkBytes = 64 * 1024;
const maxLineBytes = 128 * 1024;
const pollMs = 200;

/** Reads a file that somebody else writes. Memory does not grow with it. */
export async function createTail(path: string, render: RenderLine): Promise<TailedFile> {
  if ((await stat(path).catch(() => undefined))?.isFile() !== true) throw usageError(`there is no file ${path}`);
  let handle = await open(path, 'r');
  let place = 0;
  let lines = createLines(maxLineBytes);
  const chunk = Buffer.allocUnsafe(chunkBytes);

  /** Reads as far as the file reaches at the moment. Answers false if `show` did. */
  async function read(show: (text: string) => boolean): Promise<boolean> {
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunkBytes, place);
      if (bytesRead === 0) return true;
      place += bytesRead;
      for (const line of lines.take(chunk.subarray(0, bytesRead))) {
        const text = render(line);
        if (text !== undefined && !show(text)) return false;
      }
    }
  }

  async function begin(next: FileHandle): Promise<void> {
    await handle.close();
    handle = next;
    place = 0;
    lines = createLines(maxLineBytes);
  }

  /** Whether another file is at the path by now, or this one was emptied. One that is away for a moment is being rotated. */
  async function isAnother(): Promise<boolean> {
    const [now, mine] = await Promise.all([stat(path).catch(() => undefined), handle.stat()]);
    return now?.isFile() === true && (now.ino !== mine.ino || now.dev !== mine.dev || now.size < place);
  }

  return {
    async last(count) {
      const kept: string[] = [];
      await read((text) => {
        kept.push(text);
        // Cut now and then: a shift for each line would move all of them.
        if (kept.length >= 2 * count + 64) kept.splice(0, kept.length - count);
        return true;
      });
      return kept.slice(-count);
    },
    async follow(signal, show) {
      while (!signal.aborted) {
        // Looked at first: what was written before the rotation is read before the new file.
        const another = await isAnother();
        if (!(await read(show))) return;
        const next = another ? await open(path, 'r').catch(() => undefined) : undefined;
        if (next === undefined) await pause(signal);
        else await begin(next);
      }
    },
    close: () => handle.close(),
  };
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stop();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const stop = systemClock.after(pollMs, done);
    signal.addEventListener('abort', done);
  });
}
