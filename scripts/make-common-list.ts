// Writes src/breach/common-list.data.ts from the installed dictionaries: `node scripts/make-common-list.ts`.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { dictionary } from '@zxcvbn-ts/language-common';

const headBytes = 6;

/** The text of the data file. The same dictionaries give the same text. */
export function renderCommonList(): string {
  const entries = new Set((dictionary['passwords-common'] as readonly string[]).flatMap((entry) => [entry, entry.toLowerCase()]));
  const heads = [...entries].map((entry) => createHash('sha256').update(entry).digest().subarray(0, headBytes)).sort((a, b) => Buffer.compare(a, b));
  const longest = Math.max(...[...entries].map((entry) => entry.length));
  return [
    '// Written by scripts/make-common-list.ts from the password dictionary of @zxcvbn-ts/language-common (MIT). Do not edit.',
    `export const commonListEntries = ${entries.size};`,
    `export const commonListLongestChars = ${longest};`,
    `/** The first ${headBytes} bytes of the SHA-256 of each entry, sorted, base64. */`,
    // Annotated: without it the whole text would be the constant's type.
    `export const commonListHeads: string = '${Buffer.concat(heads).toString('base64')}';`,
    '',
  ].join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(new URL('../src/breach/common-list.data.ts', import.meta.url), renderCommonList());
}
