import { defineConfig, type Options } from 'tsup';
import { subpaths } from './scripts/subpaths.ts';

const entry: Record<string, string> = {};
for (const { name, source } of subpaths) entry[name] = source;

/**
 * What the files of the build have in common: the classes of the errors, a list too large to be there twice, and what is
 * loaded by the first use. Everything else is in each file that needs it: every further file costs who imports it half a
 * millisecond, and esbuild's own splitting makes fourteen of them.
 */
const shared: Readonly<Record<string, string>> = {
  errors: 'src/kernel/errors.ts',
  'common-list-data': 'src/breach/common-list.data.ts',
  'range-lookup': 'src/breach/range-lookup.ts',
  'portcullis-incident': 'src/portcullis-incident.ts',
  'portcullis-alarms': 'src/portcullis-alarms.ts',
  'mark-all': 'src/resets/mark-all.ts',
};

const library: Options = {
  entry: { ...entry, ...shared, 'strength-worker': 'src/password/strength-worker.ts' },
  format: ['esm', 'cjs'],
  target: 'node22',
  platform: 'node',
  splitting: false,
  // tsup strips `node:` by default, which breaks `node:sqlite`.
  removeNodeProtocol: false,
  // `import.meta.url` for the worker's address, in the CJS build too.
  shims: true,
  dts: { entry },
  sourcemap: false,
  // Both builds run at once: each leaves the other's files alone.
  clean: ['!cli.js'],
  esbuildPlugins: [
    {
      name: 'shared-files',
      setup(build) {
        const extension = build.initialOptions.format === 'cjs' ? '.cjs' : '.js';
        for (const [name, source] of Object.entries(shared)) {
          const filter = new RegExp(`/${source.split('/').at(-1)?.replaceAll('.', '\\.') ?? ''}$`);
          build.onResolve({ filter }, ({ kind }) => (kind === 'entry-point' ? undefined : { path: `./${name}${extension}`, external: true, sideEffects: false }));
        }
      },
    },
  ],
};

/** The command: one file, ESM alone, which nothing imports. */
const command: Options = { entry: { cli: 'src/cli/main.ts' }, format: ['esm'], target: 'node22', platform: 'node', splitting: false, removeNodeProtocol: false, sourcemap: false, clean: false };

export default defineConfig([library, command]);
