import { createReadStream, statSync } from 'node:fs';
import { usageError } from './exit.ts';
import { createLines } from './lines.ts';

/** Longer than any id. */
const maxLineBytes = 4_096;

/**
 * Account ids, one on a line. Spaces around them, empty lines and lines that begin with `#` do not count. Memory does not grow with the
 * file. A regular file: it is read twice, once to count.
 */
export async function* idsOfFile(path: string): AsyncGenerator<string, void, void> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) throw usageError(`there is no file ${path}`);
  const lines = createLines(maxLineBytes);
  const idOf = (line: string | undefined): string => {
    if (line === undefined) throw usageError(`${path}: expected one account id on a line, got a line of more than ${maxLineBytes} bytes`);
    const id = line.trim();
    return id.startsWith('#') ? '' : id;
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    for (const line of lines.take(chunk)) {
      const id = idOf(line);
      if (id !== '') yield id;
    }
  }
  const last = idOf(lines.rest());
  if (last !== '') yield last;
}

/** How many ids there are; reads the file once. */
export async function countIds(path: string): Promise<number> {
  let count = 0;
  for await (const _id of idsOfFile(path)) count += 1;
  return count;
}
