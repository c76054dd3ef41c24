import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { installTarball, type Consumer } from '../support/packed.ts';

let consumer: Consumer;

/** What npm does with `bin` when it installs a package. */
function linkCommand({ folder }: Consumer): void {
  const { bin } = JSON.parse(readFileSync(join(folder, 'node_modules/portcullis/package.json'), 'utf8')) as { readonly bin: Readonly<Record<string, string>> };
  mkdirSync(join(folder, 'node_modules/.bin'));
  for (const [name, file] of Object.entries(bin)) {
    symlinkSync(join('../portcullis', file), join(folder, 'node_modules/.bin', name));
    chmodSync(join(folder, 'node_modules/portcullis', file), 0o755);
  }
}

beforeAll(() => {
  consumer = installTarball(inject('tarball'));
  linkCommand(consumer);
});
afterAll(() => { consumer.remove(); });

describe('the command of the packed package', () => {
  it('is found by npx and prints its help', () => {
    // The Node that runs the tests goes first, also where npx is another one's.
    const env = { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env['PATH'] ?? ''}` };
    expect(execFileSync('npx', ['--no-install', 'portcullis', '--help'], { cwd: consumer.folder, env, encoding: 'utf8', timeout: 60_000 })).toContain('portcullis doctor');
  });

  it('knows its version, and works on the stores of a config file that imports the package', () => {
    const { version } = JSON.parse(readFileSync(join(consumer.folder, 'node_modules/portcullis/package.json'), 'utf8')) as { readonly version: string };
    expect(consumer.node('node_modules/.bin/portcullis', '--version')).toBe(`${version}\n`);
    consumer.write('portcullis.config.ts', `
      import { createReadOnlyMode } from 'portcullis/read-only';
      import { sqliteStore } from 'portcullis/sqlite';
      export default (facts: { readonly by: string }) => ({ readOnly: createReadOnlyMode({ records: sqliteStore('store.db') }), close: async () => 0 });`);
    consumer.node('node_modules/.bin/portcullis', 'read-only', 'on', '--reason', 'we look into it', '--by', 'alice', '--yes');
    expect(consumer.node('node_modules/.bin/portcullis', 'read-only', 'status')).toContain('by alice: we look into it');
  });

  it('says so where Node cannot load a config file in TypeScript', () => {
    const { status, stderr } = spawnSync(process.execPath, ['--no-experimental-strip-types', 'node_modules/.bin/portcullis', 'read-only', 'status'], { cwd: consumer.folder, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('does not load TypeScript; use Node 22.18 or newer');
  });
});
