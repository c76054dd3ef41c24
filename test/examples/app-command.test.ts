import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'larkpost-command-'));
const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Command {
  readonly child: ChildProcess;
  readonly printed: () => string;
  readonly ended: Promise<number | null>;
}

describe.each(['express', 'fastify'])('the example on %s', (framework) => {
  const main = resolve(import.meta.dirname, `../../examples/${framework}-app/main.ts`);

  // Node 22 calls SQLite and TypeScript experimental.
  function start(...args: readonly string[]): Command {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    return { child, printed: () => printed, ended: once(child, 'close').then(([code]) => code as number | null) };
  }

  describe('the command that starts the example', () => {
    it('says where to go and how to sign in, and ends when it is told to', async () => {
      const { child, printed, ended } = start('--unprotected', '--port', '0', '--data', 'own');
      await vi.waitFor(() => {
        expect(printed()).toContain('Ctrl+C ends it.');
      }, 10_000);
      const url = /open +(http:\/\/127\.0\.0\.1:\d+)\n/.exec(printed())?.[1] ?? '';
      const [, email = '', password = ''] = /sign in as +(\S+)\n +password +(.+)\n/.exec(printed()) ?? [];
      expect(printed()).toContain('data         own (remove it to begin anew)');
      const response = await fetch(`${url}/login`, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ email, password }) });
      expect(response.headers.get('location')).toBe('/contacts');
      child.kill('SIGINT');
      expect(await ended).toBe(0);
    });

    it('lists its options, and says how it is started', async () => {
      const { printed, ended } = start('--help');
      expect([await ended, printed()]).toEqual([0, expect.stringMatching(new RegExp(`npm run example:${framework} [^]*--unprotected`)) as unknown]);
    });

    it.each([
      [['--port', 'abc'], '--port: expected a number from 0 to 65535\n'],
      [['--port', '65536'], '--port: expected a number from 0 to 65535\n'],
      [['--port', ''], '--port: expected a number from 0 to 65535\n'],
      [['--unprotect'], "Unknown option '--unprotect'. --help lists the options.\n"],
      [['--unprotected', '--port', '0', '--data', 'operators', '--operator', 'Nobody@larkpost.example'], '--operator: there is no account nobody@larkpost.example\n'],
      [['stray'], "Unexpected argument 'stray'. --help lists the options.\n"],
      [['--unprotected', '--port', '0', '--data', main], `EEXIST: file already exists, mkdir '${main}'\n`],
    ])('refuses %j in one line', async (args, line) => {
      const { printed, ended } = start(...args);
      expect([await ended, printed()]).toEqual([1, line]);
    });

    it('refuses a seed that it cannot read, by the name of the file', async () => {
      const file = join(folder, 'seed.json');
      for (const [text, problem] of [['[', 'Unexpected end of JSON input'], ['{}', 'expected { "teams": [...] }']] as const) {
        writeFileSync(file, text);
        const { printed, ended } = start('--unprotected', '--port', '0', '--seed-file', file);
        expect([await ended, printed()]).toEqual([1, `${file}: ${problem}\n`]);
      }
    });

    it('says what to do where the port is taken', async () => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      const { printed, ended } = start('--unprotected', '--port', String(port));
      expect([await ended, printed()]).toEqual([1, `port ${port} is taken: end what runs there, or choose another with --port\n`]);
      other.close();
    });
  });
});
