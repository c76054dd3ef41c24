import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

/** What a fresh process loaded for one import, beyond what it had loaded before. */
export interface Loaded {
  /** URLs of the files, in the order in which they were loaded. */
  readonly files: readonly string[];
  /** Modules of Node itself that were not there before, by name. */
  readonly builtins: readonly string[];
  /** Native add-ons. */
  readonly native: readonly string[];
  /** Kinds of sockets, pipes and name look-ups that were made, as async_hooks names them. */
  readonly sockets: readonly string[];
  /** Files of the dictionary packages. The embedded list is none: it is digests, and decoded at first use. */
  readonly dictionaries: readonly string[];
}

/** Runs a program in a fresh process of this Node, from the root of the project, and answers what it printed. */
export async function fresh(source: string, kind: 'module' | 'commonjs'): Promise<string> {
  const { NODE_OPTIONS: _options, NODE_COMPILE_CACHE: _cache, ...env } = process.env;
  const { stdout } = await run(process.execPath, [`--input-type=${kind}`, '--eval', source], { cwd: root, env });
  return stdout;
}

/** Lists what `import(specifier)` loads and touches. The watching costs time: nothing is timed here. */
export async function inspectImport(specifier: string): Promise<Loaded> {
  return JSON.parse(await fresh(watching(`await import(${JSON.stringify(specifier)});`), 'module')) as Loaded;
}

/** The program that watches `work`. What it needs itself is loaded before it starts to watch. */
export function watching(work: string): string {
  return `
    import { createHook } from 'node:async_hooks';
    import { registerHooks } from 'node:module';
    const files = [], native = new Set(), sockets = [];
    registerHooks({ load(url, context, next) { if (url.startsWith('file:')) files.push(url); return next(url, context); } });
    createHook({ init(id, type) { if (/^(TCP|PIPE|TLS|UDP|GETADDRINFO|GETNAMEINFO|QUERY)/.test(type)) sockets.push(type); } }).enable();
    const { dlopen } = process;
    process.dlopen = (module, file, ...flags) => { native.add(file); return dlopen.call(process, module, file, ...flags); };
    const before = new Set(process.moduleLoadList);
    ${work}
    const builtins = process.moduleLoadList.filter((name) => name.startsWith('NativeModule ') && !before.has(name)).map((name) => name.slice(13)).filter((name) => !name.startsWith('internal/'));
    process.report.excludeNetwork = true;
    for (const file of process.report.getReport().sharedObjects) if (file.endsWith('.node')) native.add(file);
    const dictionaries = files.filter((url) => /zxcvbn|dictionar/.test(url));
    // Put together first: looking at process.stdout makes a pipe.
    const loaded = JSON.stringify({ files, builtins, native: [...native], sockets, dictionaries });
    process.stdout.write(loaded);
  `;
}
