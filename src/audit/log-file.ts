import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { StoreError } from '../kernel/errors.ts';

/** A file that is only ever written at its end. One call at a time. */
export interface LogFile {
  size(): number;
  /** Unfinished lines at the end: the process was killed, or the disk was full. The next line is told how many it follows. */
  pieces(): number;
  /** Appends one line that ends with `\n`. Rejects where not all of it was written; the next line begins on a line of its own. */
  append(line: Buffer): Promise<void>;
  /** Whether the path names another file by now, a shorter one, or none: open it anew. */
  isMoved(): Promise<boolean>;
  close(): Promise<void>;
}

/** How a file that was there already ends. */
export interface FileEnd {
  /** It ends without a new line. */
  readonly open: boolean;
  /** Unfinished lines at its end. */
  readonly pieces: number;
}

const newline = Buffer.from('\n');
/** Never waits for a reader at the other end of a pipe: it would hold a thread that hashes passwords. */
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | ((constants as { readonly O_NONBLOCK?: number }).O_NONBLOCK ?? 0);

/** Opens the file for appending, or makes it, readable by its owner alone. Rejects for what is no regular file. */
export async function openLogFile(path: string, endOf: (sizeBytes: number) => Promise<FileEnd>): Promise<LogFile> {
  const handle = await open(path, flags, 0o600);
  try {
    const opened = await handle.stat();
    if (!opened.isFile()) throw new StoreError('audit file: expected a regular file');
    const end = await endOf(opened.size);
    let size = opened.size;
    let needsNewline = end.open;
    let pieces = end.pieces;

    async function writeAll(bytes: Buffer): Promise<{ readonly written: number; readonly error?: unknown }> {
      let written = 0;
      try {
        while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten;
        return { written };
      } catch (error) {
        return { written, error };
      } finally {
        size += written;
      }
    }

    return {
      size: () => size,
      pieces: () => pieces,
      async append(line) {
        const prefix = needsNewline ? 1 : 0;
        const { written, error } = await writeAll(needsNewline ? Buffer.concat([newline, line]) : line);
        const ofLine = written - prefix;
        // Only its new line is missing: writing it again would write it twice.
        const whole = ofLine >= line.length - 1;
        if (ofLine >= 0) needsNewline = ofLine > 0 && ofLine < line.length;
        if (whole) pieces = 0;
        else if (ofLine > 0) pieces += 1;
        if (!whole) throw error instanceof Error ? error : new StoreError('audit file: expected the whole line to be written');
      },
      async isMoved() {
        const named = await stat(path).catch(() => undefined);
        // A smaller one was cut, by a rotation that copies: what follows is appended to what is left.
        return named === undefined || named.ino !== opened.ino || named.dev !== opened.dev || named.size < size;
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw error;
  }
}
