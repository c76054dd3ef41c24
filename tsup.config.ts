import { defineConfig } from 'tsup';
import { subpaths } from './scripts/subpaths.ts';

const entry: Record<string, string> = { 'strength-worker': 'src/password/strength-worker.ts' };
for (const { name, source } of subpaths) entry[name] = source;

export default defineConfig({
  entry,
  format: ['esm', 'cjs'],
  target: 'node22',
  platform: 'node',
  // Shared code goes to chunks in both formats: without it every CJS entry gets its own copy of each error class.
  splitting: true,
  // tsup strips `node:` by default, which breaks `node:sqlite`.
  removeNodeProtocol: false,
  // `import.meta.url` for the worker's address, in the CJS build too.
  shims: true,
  dts: true,
  sourcemap: false,
  clean: true,
});
