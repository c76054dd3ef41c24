// Writes `exports` and `typesVersions` into package.json from the list of subpaths: `node scripts/write-package-fields.ts`.
import { readFileSync, writeFileSync } from 'node:fs';
import { packageFields } from './subpaths.ts';

const file = new URL('../package.json', import.meta.url);
const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
writeFileSync(file, `${JSON.stringify({ ...manifest, ...packageFields() }, null, 2)}\n`);
