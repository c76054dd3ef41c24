import { fresh, inspectImport } from '../import-probe.ts';
import { rowOf, type RowGoal } from '../measure.ts';
import { interleave } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';

const rounds = 41;
const goal: RowGoal = { atMost: 15, of: 'value' };
const none: RowGoal = { atMost: 0, of: 'value' };

/** The program that prints how many milliseconds a statement took. */
function timed(statement: string): string {
  return `const startMs = performance.now(); ${statement}; process.stdout.write(String(performance.now() - startMs));`;
}

async function processMs(source: string): Promise<number> {
  const startMs = performance.now();
  await fresh(source, 'module');
  return performance.now() - startMs;
}

async function times(): Promise<readonly BenchRow[]> {
  const measured = await interleave(
    {
      esm: async () => Number(await fresh(timed(`await import('portcullis')`), 'module')),
      required: async () => Number(await fresh(timed(`require('portcullis')`), 'commonjs')),
      cjs: async () => Number(await fresh(timed(`require('./dist/index.cjs')`), 'commonjs')),
      whole: () => processMs(`import 'portcullis';`),
      bare: () => processMs(''),
    },
    { rounds },
  );
  return [
    rowOf({ id: 'import-esm', subject: `import('portcullis') in a fresh process`, unit: 'ms', values: measured.esm, goal }),
    rowOf({ id: 'import-require', subject: `require('portcullis') in a fresh process`, unit: 'ms', values: measured.required, goal }),
    rowOf({ id: 'import-cjs', subject: 'the CommonJS build, for what does not know module-sync', unit: 'ms', values: measured.cjs, goal }),
    rowOf({
      id: 'import-process',
      subject: `a whole process that does import 'portcullis' and ends`,
      unit: 'ms',
      values: measured.whole,
      peer: { name: 'a bare node start', values: measured.bare },
    }),
  ];
}

async function touched(): Promise<readonly BenchRow[]> {
  const { files, builtins, native, sockets, dictionaries } = await inspectImport('portcullis');
  const named = (names: readonly string[]): string => (names.length === 0 ? '' : `: ${names.join(', ')}`);
  return [
    rowOf({ id: 'import-native', subject: `native add-ons loaded by it${named(native.map(shortName))}`, unit: 'add-ons', values: [native.length], goal: none }),
    rowOf({ id: 'import-dictionaries', subject: `word lists loaded by it${named(dictionaries.map(shortName))}`, unit: 'files', values: [dictionaries.length], goal: none }),
    rowOf({ id: 'import-sockets', subject: `sockets, pipes and name look-ups made by it${named(sockets)}`, unit: 'handles', values: [sockets.length], goal: none }),
    rowOf({ id: 'import-files', subject: `files loaded by it; other packages${named(packagesOf(files))}; of Node${named(builtins)}`, unit: 'files', values: [files.length] }),
  ];
}

function packagesOf(files: readonly string[]): readonly string[] {
  const names = files.flatMap((path) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  return [...new Set(names)];
}

/** `undici/index.js`, `dist/index.js`: the name below node_modules or below the project. */
function shortName(path: string): string {
  return path.includes('/node_modules/') ? path.replace(/^.*\/node_modules\//, '') : path.replace(/^.*\/(?=dist\/)/, '');
}

export const bench: Bench = {
  id: 'import',
  title: 'Loading the package',
  rows: ['import-esm', 'import-require', 'import-cjs', 'import-process', 'import-native', 'import-dictionaries', 'import-sockets', 'import-files'],
  method:
    'Every round is a fresh process. The first three rows are the time between before and after the import inside it; the fourth is the wall time of the ' +
    'whole process, from start to exit. What is loaded and touched is listed by another process, with hooks on the module loader, on process.dlopen and on async_hooks.',
  run: async () => [...(await times()), ...(await touched())],
};
