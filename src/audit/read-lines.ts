import { open, type FileHandle } from 'node:fs/promises';

/** Longer lines are no entries: an entry of the most and longest texts has some 50 KB. */
export const maxLineBytes = 128 * 1024;
const chunkBytes = 64 * 1024;
const newlineByte = 10;

/** One line of a file, without its new line. */
export interface FileLine {
  /** Counted from 1. */
  readonly line: number;
  /** Valid until the next line is asked for. Undefined for a line over 128 KiB, which is not kept in memory. */
  readonly bytes: Buffer | undefined;
  /** Whether a new line ends it: the last line of a file may have none. */
  readonly ended: boolean;
}

/** Reads a file line by line, as far as it reaches at the moment. Memory does not grow with the file or with its lines. */
export async function* readLines(path: string): AsyncGenerator<FileLine, void, void> {
  yield* linesFrom(await open(path, 'r'));
}

/** The same of an open file, which it closes. */
export async function* linesFrom(handle: FileHandle): AsyncGenerator<FileLine, void, void> {
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const parts = createParts(maxLineBytes);
    let line = 1;
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunkBytes, null);
      if (bytesRead === 0) break;
      let start = 0;
      for (let end = chunk.indexOf(newlineByte); end !== -1 && end < bytesRead; end = chunk.indexOf(newlineByte, start)) {
        parts.add(chunk.subarray(start, end));
        yield { line, bytes: parts.take(), ended: true };
        line += 1;
        start = end + 1;
      }
      parts.add(chunk.subarray(start, bytesRead), true);
    }
    if (parts.size() > 0) yield { line, bytes: parts.take(), ended: false };
  } finally {
    await handle.close();
  }
}

/** Puts together a line that does not end where a chunk does. */
function createParts(maxBytes: number): { add(part: Buffer, kept?: boolean): void; size(): number; take(): Buffer | undefined } {
  let parts: Buffer[] = [];
  let size = 0;
  return {
    add(part, kept = false) {
      size += part.length;
      if (size > maxBytes) parts = [];
      else if (part.length > 0) parts.push(kept ? Buffer.from(part) : part);
    },
    size: () => size,
    take() {
      const [only] = parts;
      const bytes = size > maxBytes ? undefined : parts.length === 1 ? only : Buffer.concat(parts);
      parts = [];
      size = 0;
      return bytes;
    },
  };
}
