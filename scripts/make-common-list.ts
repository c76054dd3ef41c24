// Writes src/breach/common-list.data.ts from the installed dictionaries: `node scripts/make-common-list.ts`.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { dictionary } from '@zxcvbn-ts/language-common';

const headBytes = 6;

/** The text of the data file. The same dictionaries give the same text. */
export function renderCommonList(): string {
  const entries = new Set((dictionary['passwords-common'] as readonly string[]).flatMap((entry) => [entry, entry.toLowerCase()]));
  const heads = [...entries].map((entry) => createHash('sha256').update(entry).digest().readUIntBE(0, headBytes)).sort((a, b) => a - b);
  const { steps, rests } = encodeHeads(heads);
  const longest = Math.max(...[...entries].map((entry) => entry.length));
  return [
    '// Written by scripts/make-common-list.ts from the password dictionary of @zxcvbn-ts/language-common (MIT). Do not edit.',
    `export const commonListEntries = ${entries.size};`,
    `export const commonListLongestChars = ${longest};`,
    `/** The first ${headBytes} bytes of the SHA-256 of each entry, sorted: how far each is from the one before. Base64. In units of 2^32, as so many ones and a zero; */`,
    // Annotated: without it the whole text would be the constant's type.
    `export const commonListSteps: string = '${steps.toString('base64')}';`,
    '/** and the 32 bits below them. */',
    `export const commonListRests: string = '${rests.toString('base64')}';`,
    '',
  ].join('\n');
}

/** Golomb's code with a parameter of 2^32, which is near the mean distance: 34 bits for each head of 48. */
function encodeHeads(heads: readonly number[]): { readonly steps: Buffer; readonly rests: Buffer } {
  const distances = heads.map((head, at) => head - (heads[at - 1] ?? 0));
  const bits = distances.map((distance) => `${'1'.repeat(Math.floor(distance / 2 ** 32))}0`).join('');
  const steps = Buffer.from((bits.match(/.{1,8}/g) ?? []).map((octet) => Number.parseInt(octet.padEnd(8, '0'), 2)));
  const rests = Buffer.alloc(heads.length * 4);
  for (const [at, distance] of distances.entries()) rests.writeUInt32BE(distance % 2 ** 32, at * 4);
  return { steps, rests };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(new URL('../src/breach/common-list.data.ts', import.meta.url), renderCommonList());
}
