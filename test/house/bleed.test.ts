import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { subpaths } from '../../scripts/subpaths.ts';
import { importsOf, root } from '../support/source-tree.ts';

type Name = (typeof subpaths)[number]['name'];

/** The libraries that a subpath may load, at once or later. `testing` loads none. */
const job: Readonly<Record<Name, readonly string[]>> = {
  index: ['argon2', '@node-rs/argon2', 'undici', 'lru-cache', '@zxcvbn-ts/', 'otplib', 'uqr'],
  audit: [],
  breach: ['undici', 'lru-cache'],
  'client-address': [],
  detect: ['undici'],
  device: [],
  epochs: [],
  express: [],
  fastify: [],
  hasher: ['argon2', '@node-rs/argon2'],
  limiter: [],
  'login-guard': [],
  mfa: [],
  password: ['@zxcvbn-ts/'],
  postgres: [],
  'read-only': [],
  recovery: [],
  redis: [],
  resets: [],
  sqlite: [],
  testing: [],
  totp: ['otplib', 'uqr'],
  uniform: [],
};

/** Words that betray another piece's job in a file, and the subpaths whose job they are. */
const betraying: readonly { readonly words: RegExp; readonly ownedBy: readonly Name[] }[] = [
  { words: /argon2/i, ownedBy: ['index', 'hasher'] },
  { words: /undici/i, ownedBy: ['index', 'breach', 'detect', 'testing'] },
  { words: /pwnedpasswords/i, ownedBy: ['index', 'breach', 'testing'] },
  { words: /zxcvbn/i, ownedBy: ['index', 'password'] },
  { words: /otplib|["']uqr["']/, ownedBy: ['index', 'totp'] },
  { words: /node:sqlite/, ownedBy: ['sqlite'] },
  // The command's own.
  { words: /["']commander["']/, ownedBy: [] },
  { words: /from ["'](express|fastify)["']|require\(["'](express|fastify)["']\)/, ownedBy: [] },
];

interface Reach {
  /** Files of dist that are loaded with the entry. */
  readonly files: readonly string[];
  /** Everything else that is named, and whether it is loaded at once. */
  readonly outside: readonly { readonly specifier: string; readonly dynamic: boolean }[];
}

function specifiersOf(file: string, text: string): readonly { readonly specifier: string; readonly dynamic: boolean }[] {
  const parsed = { path: file, text, ast: ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true) };
  const required = [...text.matchAll(/\brequire\(["']([^"']+)["']\)/g)].map(([, specifier = '']) => ({ specifier, dynamic: false }));
  return [...importsOf(parsed), ...required];
}

/** Follows the imports of a built file through dist. With `later` also those that run on first use. */
function reachOf(entry: string, later: boolean): Reach {
  const files: string[] = [];
  const outside: Reach['outside'][number][] = [];
  const todo = [entry];
  for (let file = todo.pop(); file !== undefined; file = todo.pop()) {
    if (files.includes(file)) continue;
    files.push(file);
    for (const found of specifiersOf(file, readFileSync(join(root, file), 'utf8'))) {
      if (found.dynamic && !later) outside.push(found);
      else if (found.specifier.startsWith('.')) todo.push(normalize(join(dirname(file), found.specifier)));
      else outside.push(found);
    }
  }
  return { files, outside };
}

function bytesOf({ files }: Reach): number {
  return files.reduce((sum, file) => sum + readFileSync(join(root, file)).length, 0);
}

const all = subpaths.flatMap(({ name }) => [{ name, entry: `dist/${name}.js` }, { name, entry: `dist/${name}.cjs` }]);

describe('what a subpath drags in', () => {
  it('is read from a build', () => {
    expect(all.filter(({ entry }) => !existsSync(join(root, entry))).map(({ entry }) => `${entry}: run npm run build`)).toEqual([]);
  });

  it.each(all)('$entry names no library but those of its own job', ({ name, entry }) => {
    const foreign = reachOf(entry, true).outside.map(({ specifier }) => specifier).filter((specifier) => !specifier.startsWith('node:'));
    expect(foreign.filter((specifier) => !job[name].some((own) => specifier === own || (own.endsWith('/') && specifier.startsWith(own))))).toEqual([]);
  });

  it.each(all)('$entry holds no word of another job', ({ name, entry }) => {
    const text = reachOf(entry, true).files.map((file) => readFileSync(join(root, file), 'utf8').replace(/^\/\/ .*$/gm, '')).join('\n');
    expect(betraying.filter(({ words, ownedBy }) => !ownedBy.includes(name) && words.test(text)).map(({ words }) => String(words))).toEqual([]);
  });

  // The front door and breach hold the embedded list: 278 kB of text that is decoded at first use. The audit log holds the catalogue of
  // events and the table of metrics.
  it.each(subpaths)('$name loads few bytes at once', ({ name }) => {
    const most: Partial<Record<Name, number>> = { index: 730_000, breach: 700_000, audit: 120_000, detect: 110_000 };
    expect(bytesOf(reachOf(`dist/${name}.js`, false))).toBeLessThan(most[name] ?? 100_000);
  });

  it('testing is in no other subpath', () => {
    // Names of the testing folder's files stand in the path comments that the bundler leaves.
    const others = subpaths.filter(({ name }) => name !== 'testing').flatMap(({ name }) => reachOf(`dist/${name}.js`, true).files);
    expect(others.filter((file) => readFileSync(join(root, file), 'utf8').includes('// src/testing/'))).toEqual([]);
  });
});

interface Loaded {
  /** Addresses of the files that were loaded. */
  readonly files: readonly string[];
  /** Shared libraries of the process that are addons. */
  readonly native: readonly string[];
  /** Modules of Node itself. */
  readonly builtin: readonly string[];
  /** Kinds of sockets, look-ups and threads that were made, by the names that async_hooks has for them. */
  readonly made: readonly string[];
}

/** What a fresh process has loaded and made after running the code. */
function loadedBy(code: string, format: 'module' | 'commonjs'): Loaded {
  const tracer = `data:text/javascript,${encodeURIComponent(`
    import { createHook } from 'node:async_hooks';
    import { registerHooks } from 'node:module';
    globalThis.seen = { files: [], made: [] };
    registerHooks({ load(url, context, next) { globalThis.seen.files.push(url); return next(url, context); } });
    createHook({ init(id, type) { if (/TCP|UDP|PIPE|TLS|DNS|ADDRINFO|WORKER/.test(type)) globalThis.seen.made.push(type); } }).enable();
  `)}`;
  const report = `JSON.stringify({
    files: globalThis.seen.files.filter((url) => url.startsWith('file:')),
    made: globalThis.seen.made,
    native: process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node')),
    builtin: process.moduleLoadList.filter((name) => name.startsWith('NativeModule ')).map((name) => name.slice(13)),
  })`;
  const full = `${code}\nrequire('node:fs').writeSync(1, ${report});`;
  const source = format === 'module' ? `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);\n${full}` : full;
  const output = execFileSync(process.execPath, ['--import', tracer, `--input-type=${format}`, '-e', source], { cwd: root, encoding: 'utf8' });
  return JSON.parse(output) as Loaded;
}

// Not `net` and `dgram`: reading an address and asking whether this is a cluster load them, and open nothing.
const networkModules = ['tls', 'http', 'https', 'http2', 'dns', 'internal/deps/undici/undici'];

describe('importing portcullis alone', () => {
  it.each([
    { format: 'module', code: "await import('portcullis');" },
    { format: 'commonjs', code: "require('portcullis');" },
    { format: 'commonjs', code: "require('./dist/index.cjs');" },
  ] as const)('touches no native code, dictionary or socket: $code', ({ format, code }) => {
    const before = loadedBy('', format);
    const after = loadedBy(code, format);
    expect(after.files.some((url) => /dist\/index\.c?js$/.test(url))).toBe(true);
    expect({
      native: after.native,
      libraries: after.files.filter((url) => /node_modules/.test(url) && !/lru-cache/.test(url)),
      network: after.builtin.filter((name) => networkModules.includes(name) && !before.builtin.includes(name)),
      made: after.made,
    }).toEqual({ native: [], libraries: [], network: [], made: [] });
  });

  it('would be seen if it did', () => {
    const { native, files, builtin, made } = loadedBy("await import('argon2'); await import('undici'); require('node:net').connect(9, '127.0.0.1').on('error', () => {});", 'module');
    expect(native.some((path) => path.includes('argon2'))).toBe(true);
    expect(files.some((url) => url.includes('undici'))).toBe(true);
    expect(builtin.filter((name) => networkModules.includes(name))).toContain('tls');
    expect(made).toContain('TCPWRAP');
  });
});
