import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { usageError } from './exit.ts';

const maxLineChars = 4_096;

/** Account ids, one on a line. Spaces around them, empty lines and lines that begin with `#` do not count. Memory does not grow with the file. */
export async function* idsOfFile(path: string): AsyncGenerator<string, void, void> {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== false) throw usageError(`there is no file ${path}`);
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity });
  for await (const line of lines) {
    const id = line.trim();
    if (id.length > maxLineChars) throw usageError(`${path}: expected one account id on a line, got a line of ${id.length} characters`);
    if (id !== '' && !id.startsWith('#')) yield id;
  }
}

/** How many ids there are; reads the file once. */
export async function countIds(path: string): Promise<number> {
  let count = 0;
  for await (const _id of idsOfFile(path)) count += 1;
  return count;
}
