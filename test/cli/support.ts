import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { root } from '../support/source-tree.ts';

const main = join(root, 'src/cli/main.ts');

/** An import of the source, for the text of a config file. */
export function from(path: string): string {
  return JSON.stringify(pathToFileURL(join(root, 'src', path)).href);
}

/** Real pieces on one SQLite file of the folder; what they tell of goes to `events.log`. */
const pieces = `
import { createReadOnlyMode } from ${from('read-only/index.ts')};
import { createSessionEpochs } from ${from('epochs/index.ts')};
import { createForcedResets } from ${from('resets/index.ts')};
import { sqliteStore } from ${from('stores/sqlite/index.ts')};
import { appendFileSync } from 'node:fs';

const records = sqliteStore('store.db');
const note = (file: string) => (what: object): void => { appendFileSync(file, JSON.stringify(what) + '\\n'); };
const shared = { records, emit: note('events.log') };
const readOnly = createReadOnlyMode(shared);
const epochs = createSessionEpochs(shared);
const resets = createForcedResets(shared);
const close = async () => 0;
`;

export function configOnSqlite(): string {
  return `${pieces}export default () => ({ readOnly, epochs, resets, close });\n`;
}

/**
 * The same with an incident response over so many accounts, `a0` and so on, of which `a1` and `a2` signed in from 203.0.113.66. Mails go to
 * `mails.log`.
 */
export function configWithIncident({ accounts, mailsPerSecond = 1_000 }: { readonly accounts: number; readonly mailsPerSecond?: number }): string {
  return `${pieces}
import { createIncidentResponse } from ${from('flows/incident/incident.ts')};
import { createMfaPolicy } from ${from('mfa/index.ts')};

const all = Array.from({ length: ${accounts} }, (_, at) => ({ id: 'a' + at, email: 'a' + at + '@example.com', passwordHash: 'x', active: true, needsBreachRecheck: false, hasSecondFactor: false }));
const atMs = Date.parse('2019-10-19T08:00Z');
const incident = createIncidentResponse({
  ...shared, readOnly, epochs, resets, mfa: createMfaPolicy(shared), mailsPerSecond: ${mailsPerSecond},
  mailer: { send: async (mail) => { note('mails.log')(mail); } },
  links: { signIn: 'https://app.example.com/login', forgot: 'https://app.example.com/forgot' },
  accounts: { findById: async (id) => all.find((each) => each.id === id) },
  pages: async (cursor) => {
    const first = Number(cursor ?? 0);
    return { accounts: all.slice(first, first + 100), next: first + 100 < all.length ? String(first + 100) : undefined };
  },
  async *signIns({ sources }) {
    if (sources.includes('203.0.113.66')) for (const accountId of ['a1', 'a2']) yield { accountId, atMs };
  },
});

export default { readOnly, epochs, resets, incident, close };
`;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command line comes to that ends before a config file is loaded, in this process: a tenth of the time. */
export async function withoutConfig(...argv: readonly string[]): Promise<Ended> {
  const texts = { stdout: '', stderr: '' };
  const code = await run({
    argv,
    version: '0.0.0',
    terminal: {
      interactive: false,
      animated: false,
      print: (text) => { texts.stdout += `${text}\n`; },
      note: (text) => { texts.stderr += `${text}\n`; },
      redraw: () => undefined,
      style: (_style, text) => text,
      ask: async () => undefined,
      flush: async () => undefined,
      isDeaf: () => false,
    },
  });
  return { code, ...texts };
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
  const quiet = { ...process.env, SUDO_USER: 'night-shift', NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined };
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
