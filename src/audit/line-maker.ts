import { open } from 'node:fs/promises';
import type { AuditEntry } from './entry.ts';
import type { FileEnd, LogFile } from './log-file.ts';

/** Makes the lines of a file, and finds out how one ends that was there before. */
export interface LineMaker {
  resume(path: string, sizeBytes: number): Promise<FileEnd>;
  /** The line of an entry, with its new line. It counts only once `written` was called. `unfinished`: pieces that end the file before. */
  make(entry: AuditEntry, file: LogFile, unfinished?: number): Buffer;
  written(): void;
  /** Saves what is known of the lines, before the file is let go. Never rejects. */
  flush(): Promise<void>;
  /** Others may write the file from here on. */
  forget(): void;
}

/** Lines that know nothing of each other. */
export function plainLines(): LineMaker {
  return {
    async resume(path, sizeBytes) {
      const end = await lastBytes(path, sizeBytes, 1);
      const open = end.length > 0 && end[0] !== newlineByte;
      return { open, pieces: open ? 1 : 0 };
    },
    make: (entry) => Buffer.from(`${JSON.stringify(entry)}\n`),
    written: () => undefined,
    flush: () => Promise.resolve(),
    forget: () => undefined,
  };
}

export const newlineByte = 10;

/** At most `maxBytes` of the end of a file that has `sizeBytes`. */
export async function lastBytes(path: string, sizeBytes: number, maxBytes: number): Promise<Buffer> {
  const wanted = Math.min(sizeBytes, maxBytes);
  if (wanted === 0) return Buffer.alloc(0);
  const handle = await open(path, 'r');
  try {
    const bytes = Buffer.alloc(wanted);
    const { bytesRead } = await handle.read(bytes, 0, wanted, sizeBytes - wanted);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
