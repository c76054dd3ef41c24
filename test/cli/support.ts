import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import { root } from '../support/source-tree.ts';

const main = join(root, 'src/cli/main.ts');

/** An import of the source, for the text of a config file. */
export function from(path: string): string {
  return JSON.stringify(pathToFileURL(join(root, 'src', path)).href);
}

/** A config file over real pieces on one SQLite file of the folder. `more`: properties that the portcullis has besides; `records` is the store. */
export function configOnSqlite(more = ''): string {
  return `
import { createReadOnlyMode } from ${from('read-only/index.ts')};
import { createSessionEpochs } from ${from('epochs/index.ts')};
import { createForcedResets } from ${from('resets/index.ts')};
import { sqliteStore } from ${from('stores/sqlite/index.ts')};
import { appendFileSync } from 'node:fs';

export default function make(facts: { readonly command: string; readonly by: string }) {
  const records = sqliteStore('store.db');
  const emit = (event: object): void => { appendFileSync('events.log', JSON.stringify(event) + '\\n'); };
  return {
    readOnly: createReadOnlyMode({ records, emit }),
    epochs: createSessionEpochs({ records, emit }),
    resets: createForcedResets({ records, emit }),
    close: async () => 0,
    ${more}
  };
}
`;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<Ended>;
}

export interface Folder {
  readonly path: string;
  write(file: string, text: string): void;
  /** Starts the command there, without a terminal. */
  start(...args: readonly string[]): Running;
  run(...args: readonly string[]): Promise<Ended>;
  /** The same with `--json`: the object that it printed. */
  json(...args: readonly string[]): Promise<{ readonly code: number | null; readonly answer: Readonly<Record<string, unknown>> }>;
  /** Starts it in a pseudo terminal: what is typed goes to `child.stdin`, and all that is shown comes from `stdout()`. */
  inTerminal(...args: readonly string[]): Running;
}

/** A folder of its own with a config file, gone after the test. */
export function makeFolder(config?: string, name = 'portcullis.config.ts'): Folder {
  const path = mkdtempSync(join(tmpdir(), 'portcullis-command-'));
  const children = new Set<ChildProcess>();
  onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(path, { recursive: true, force: true });
  });
  const write = (file: string, text: string): void => { writeFileSync(join(path, file), text); };
  if (config !== undefined) write(name, config);
  // Node 22 calls SQLite and TypeScript experimental.
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', main];
  const launch = (file: string, args: readonly string[], env: NodeJS.ProcessEnv): Running => {
    const child = spawn(file, args, { cwd: path, env, stdio: ['pipe', 'pipe', 'pipe'] });
    children.add(child);
    return watched(child);
  };
  const quiet = { ...process.env, SUDO_USER: 'night-shift', NO_COLOR: undefined, FORCE_COLOR: undefined };
  const start = (...args: readonly string[]): Running => {
    const running = launch(command[0] ?? '', [...command.slice(1), ...args], quiet);
    running.child.stdin?.end();
    return running;
  };
  return {
    path,
    write,
    start,
    run: (...args) => start(...args).ended,
    async json(...args) {
      const { code, stdout } = await start(...args, '--json').ended;
      return { code, answer: JSON.parse(stdout) as Readonly<Record<string, unknown>> };
    },
    inTerminal: (...args) => launch('script', ['--quiet', '--return', '--command', [...command, ...args].map(quoted).join(' '), '/dev/null'], { ...quiet, TERM: 'xterm' }),
  };
}

function watched(child: ChildProcess): Running {
  const texts = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => { texts.stdout += chunk.toString(); });
  child.stderr?.on('data', (chunk: Buffer) => { texts.stderr += chunk.toString(); });
  child.stdin?.on('error', () => undefined);
  return {
    child,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    ended: once(child, 'close').then(([code]) => ({ code: code as number | null, ...texts })),
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
