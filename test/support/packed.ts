import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { root } from './source-tree.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The package as `npm publish` would send it. */
    readonly tarball: string;
  }
}

/** Packs the build once for all consumer tests. */
export default function setup(project: TestProject): () => void {
  if (!existsSync(join(root, 'dist/index.js')) || !existsSync(join(root, 'dist/index.d.cts'))) throw new Error('there is no build: npm run build');
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-packed-'));
  const name = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: root, encoding: 'utf8' }).trim();
  project.provide('tarball', join(folder, basename(name)));
  return () => { rmSync(folder, { recursive: true, force: true }); };
}

/** A project of somebody else that has installed the tarball. */
export interface Consumer {
  readonly folder: string;
  write(file: string, text: string): void;
  /** Runs `node` there and answers what it printed. */
  node(...args: string[]): string;
  remove(): void;
}

/**
 * Unpacks the tarball into a new project. The packed files are real; every other package is a link into this checkout, so
 * that nothing is fetched.
 */
export function installTarball(tarball: string, name = 'consumer'): Consumer {
  const above = mkdtempSync(join(tmpdir(), 'portcullis-consumer-'));
  const folder = join(above, name);
  const modules = join(folder, 'node_modules');
  const target = join(modules, 'portcullis');
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', target]);
  for (const installed of readdirSync(join(root, 'node_modules'))) {
    if (!installed.startsWith('.') && installed !== 'portcullis') symlinkSync(join(root, 'node_modules', installed), join(modules, installed));
  }
  const write = (file: string, text: string): void => { writeFileSync(join(folder, file), text); };
  write('package.json', '{ "private": true, "type": "module" }\n');
  return {
    folder,
    write,
    node: (...args) => execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 }),
    remove() { rmSync(above, { recursive: true, force: true }); },
  };
}
