import { globSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFields, subpaths } from '../../scripts/subpaths.ts';
import config from '../../vitest.config.ts';
import { importsOf, root, sourceFiles } from '../support/source-tree.ts';

interface Manifest {
  readonly version: string;
  readonly sideEffects: unknown;
  readonly exports: unknown;
  readonly typesVersions: unknown;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const readme = read('README.md');

describe('the package', () => {
  it('exports one subpath per piece, as the list of subpaths says', () => {
    const { exports, typesVersions } = packageFields();
    expect({ exports: manifest.exports, typesVersions: manifest.typesVersions }).toEqual({ exports, typesVersions });
    // Order counts here: Node takes the first condition that fits.
    expect(JSON.stringify(manifest.exports)).toBe(JSON.stringify(exports));
  });

  it('has every piece with a public module in that list', () => {
    const doors = globSync(['src/*/index.ts', 'src/{adapters,stores}/*/index.ts'], { cwd: root }).filter((path) => !/^src\/(kernel|ports|flows|stores\/(memory|resilient))\//.test(path));
    expect([...doors, 'src/index.ts'].sort()).toEqual(subpaths.map(({ source }) => source).sort());
  });

  it('needs at run time exactly what its source imports', () => {
    const outside = sourceFiles('src/**/*.ts').flatMap((file) => importsOf(file).map(({ specifier }) => specifier)).filter((specifier) => !/^(\.|node:|\(computed\)$)/.test(specifier));
    const packages = new Set(outside.map((specifier) => specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')));
    const optional = Object.keys(manifest.peerDependencies);
    expect([...packages].filter((name) => !optional.includes(name)).sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  it('asks for frameworks and engines as optional peers only', () => {
    expect(Object.keys(manifest.peerDependencies).filter((name) => manifest.peerDependenciesMeta[name]?.optional !== true)).toEqual([]);
    expect(manifest.peerDependencies['express']).toBe('^4.17.0 || ^5.0.0');
  });

  it('has no side effects that a bundler would have to keep', () => {
    expect(manifest.sideEffects).toBe(false);
  });

  it('pins what it is built and tested with', () => {
    const pins = { ...manifest.dependencies, ...manifest.devDependencies };
    expect(Object.entries(pins).filter(([, version]) => !/^(npm:[\w@/.-]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('tells the version of package.json in the changelog', () => {
    expect(read('CHANGELOG.md')).toContain(`## ${manifest.version}`);
  });

  it('runs every test file there is', () => {
    const projects = config.test?.projects as readonly { readonly test: { readonly include: readonly string[] } }[];
    const globs = projects.flatMap(({ test }) => test.include);
    const files = globSync('test/**/*.test.ts', { cwd: root });
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((file) => !globs.some((glob) => matchesGlob(file, glob)))).toEqual([]);
  });
});

describe('the README', () => {
  it('starts with the two commands that do everything', () => {
    const [, first = ''] = /```sh\n([\s\S]*?)```/.exec(readme) ?? [];
    expect(first.split('\n').map((line) => line.replace(/ *#.*/, '')).filter(Boolean)).toEqual(['npm ci && npm run drill', 'npm ci && npm test']);
  });

  it('names scripts that exist', () => {
    const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);
    const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, script = '']) => script);
    expect(named.filter((script) => !scripts.includes(script))).toEqual([]);
  });

  it('has one section per piece, in order', () => {
    const headings = [...readme.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual([
      'Install', 'Quick start', 'createPortcullis', 'sign-in and the other flows', 'express', 'fastify', 'client-address', 'limiter', 'login-guard', 'hasher', 'password', 'breach', 'device', 'totp', 'recovery', 'resets', 'mfa', 'read-only', 'epochs', 'uniform', 'audit', 'detect',
      'stores', 'postgres', 'redis', 'testing', 'The command', 'Errors', 'Measured', 'What it does not do',
    ]);
  });

  it('says for each error code what to do', () => {
    const [, codes = ''] = /type ErrorCode = ([^;]+);/.exec(read('src/kernel/errors.ts')) ?? [];
    const all = [...codes.matchAll(/'(\w+)'/g)].map(([, code = '']) => code);
    expect(all.length).toBeGreaterThan(2);
    expect(all.filter((code) => !new RegExp(`^\\| \`${code}\` \\|.{40,}`, 'm').test(readme))).toEqual([]);
  });

  it('links only to files that are there', () => {
    const links = ['README.md', 'ARCHITECTURE.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].flatMap((file) =>
      [...read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)].map(([, target = '']) => target));
    expect(links.filter((target) => globSync(target, { cwd: root }).length === 0)).toEqual([]);
  });
});
