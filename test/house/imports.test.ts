import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, root, sourceFiles, type Import, type SourceFile } from '../support/source-tree.ts';

/** The libraries whose job is a room's job. */
const libraries: Readonly<Record<string, readonly string[]>> = {
  breach: ['undici', 'lru-cache'],
  detect: ['undici'],
  hasher: ['argon2', '@node-rs/argon2'],
  password: ['@zxcvbn-ts/core', '@zxcvbn-ts/language-common', '@zxcvbn-ts/language-en'],
  totp: ['otplib', 'uqr'],
  'adapters/express': ['express'],
  'adapters/fastify': ['fastify'],
  // Its other import is the app's config file.
  cli: ['commander', '(computed)'],
};

const notPieces = ['ports', 'kernel', 'stores', 'flows', 'adapters', 'cli', 'testing'];

/** `kernel`, `limiter`, `stores/memory`, `adapters/express`. The wiring is one room: `portcullis.ts` and its side files. */
function roomOf(path: string): string {
  if (/^src\/portcullis[\w-]*\.ts$/.test(path)) return 'portcullis.ts';
  const [first = '', second = '', third] = path.replace(/^src\//, '').split('/');
  const shared = (first === 'stores' || first === 'adapters') && third !== undefined;
  return shared ? `${first}/${second}` : first;
}

function isPiece(room: string): boolean {
  return !room.includes('/') && !room.endsWith('.ts') && !notPieces.includes(room);
}

/** What `from` may take from `to`: everything, its types, or nothing. One row of the table in ARCHITECTURE.md per line. */
function allowed(from: string, to: string): 'all' | 'types' | 'nothing' {
  if (from === 'portcullis.ts' || from === to) return 'all';
  if (from === 'index.ts') return to.startsWith('stores/') || to === 'portcullis.ts' || to === 'kernel' || to === 'ports' || isPiece(to) || to === 'flows' ? 'all' : 'nothing';
  if (from === 'ports') return 'nothing';
  if (to === 'ports') return 'types';
  if (to === 'kernel') return 'all';
  // What a process remembers of a store that is away is a memory store.
  if (from === 'stores/resilient' && to === 'stores/memory') return 'all';
  if (from === 'flows') return isPiece(to) ? 'types' : 'nothing';
  // What is alike in all frameworks.
  if (from.startsWith('adapters/') && to === 'adapters/http') return 'all';
  if (from.startsWith('adapters/') || from === 'cli') return isPiece(to) || to === 'flows' || to === 'portcullis.ts' ? 'types' : 'nothing';
  return 'nothing';
}

function faultOf(file: SourceFile, found: Import): string | undefined {
  const { specifier, typeOnly, at } = found;
  const from = roomOf(file.path);
  if (specifier.startsWith('node:')) return from === 'ports' && !typeOnly ? `${at} ports import nothing, not even ${specifier}` : undefined;
  if (!specifier.startsWith('.')) return (libraries[from] ?? []).includes(specifier) ? undefined : `${at} ${specifier} is not the job of ${from}`;
  const target = normalize(join(dirname(file.path), specifier)).replaceAll('\\', '/');
  if (!existsSync(join(root, target))) return `${at} ${specifier} does not exist`;
  const right = allowed(from, roomOf(target));
  if (right === 'all' || (right === 'types' && typeOnly)) return undefined;
  return `${at} ${from} may import ${right} of ${roomOf(target)}: ${specifier}`;
}

const files = sourceFiles('src/**/*.ts');

describe('the directions of imports', () => {
  it('go down only: ports, kernel, pieces and stores, flows, adapters; no piece knows a sibling', () => {
    expect(files.flatMap((file) => importsOf(file).flatMap((found) => faultOf(file, found) ?? []))).toEqual([]);
  });

  it('are told apart by this test', () => {
    const file: SourceFile = { ...sourceFiles('src/limiter/index.ts')[0] as SourceFile };
    const fault = (specifier: string, typeOnly = false): string | undefined => faultOf(file, { at: 'here', specifier, typeOnly, reExport: false, dynamic: false });
    expect(fault('../kernel/options.ts')).toBeUndefined();
    expect(fault('../ports/clock.ts', true)).toBeUndefined();
    expect(fault('../ports/clock.ts')).toBe('here limiter may import types of ports: ../ports/clock.ts');
    expect(fault('../uniform/index.ts', true)).toBe('here limiter may import nothing of uniform: ../uniform/index.ts');
    expect(fault('undici')).toBe('here undici is not the job of limiter');
    expect(fault('../kernel/nothing.ts')).toBe('here ../kernel/nothing.ts does not exist');
  });

  it('end at names: the front door only re-exports, and nothing is exported by star or by default', () => {
    const front = files.filter(({ path }) => path === 'src/index.ts').flatMap((file) => importsOf(file).filter(({ reExport }) => !reExport).map(({ at }) => at));
    const stars = files.filter(({ text }) => /^export (\*|default)/m.test(text)).map(({ path }) => path);
    expect({ front, stars }).toEqual({ front: [], stars: [] });
  });

  it('of a framework are types: the app brings it', () => {
    const run = files.flatMap((file) => importsOf(file).filter(({ specifier, typeOnly }) => ['express', 'fastify'].includes(specifier) && !typeOnly).map(({ at }) => at));
    expect(run).toEqual([]);
  });
});
