import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Which run: the two apps, and the protected one whose teams have made a second factor mandatory. */
export type Side = 'unprotected' | 'protected' | 'mandatory';

export const sides: readonly Side[] = ['unprotected', 'protected', 'mandatory'];

/** As people read it. */
export const sideTitles: Readonly<Record<Side, string>> = { unprotected: 'unprotected', protected: 'protected', mandatory: '2FA mandatory' };

/** An app under attack. */
export interface AttackedApp {
  readonly url: string;
  /** When the app first raised an alarm, as `performance.now()` counts; undefined while it has not. */
  firstAlarmAt(): number | undefined;
  /** Rejects when the app ends by itself. Never resolves. */
  readonly died: Promise<never>;
  stop(): Promise<void>;
}

export interface AppToStart {
  readonly side: Side;
  readonly dataFolder: string;
  readonly seedFile: string;
  readonly breachUrl: string;
}

/** Starts an app and answers when it takes requests. */
export type StartApp = (app: AppToStart) => Promise<AttackedApp>;

const startTimeoutMs = 30_000;
const stopTimeoutMs = 4_000;

/** The example app is there once on each framework. */
export const frameworks = ['express', 'fastify'] as const;

export type AppFramework = (typeof frameworks)[number];

/** Starts the example app as a process of its own. */
export function startAppProcess(framework: AppFramework): StartApp {
  const main = fileURLToPath(new URL(`../${framework}-app/main.ts`, import.meta.url));
  return ({ side, dataFolder, seedFile, breachUrl }) => {
    const args = [main, '--json-ready', '--port', '0', '--data', dataFolder, '--seed-file', seedFile, '--fast-seed', '--breach-url', breachUrl];
    return startNode(side === 'unprotected' ? [...args, '--unprotected'] : args, `the ${side === 'unprotected' ? side : 'protected'} app`);
  };
}

/** Starts a script that prints where it listens. Whatever becomes of this process, the script does not outlive it. */
export async function startNode(args: readonly string[], name: string): Promise<AttackedApp> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const ended = endOf(child);
  void ended.then(() => process.off('exit', killAtExit));
  const complaints = lastLines(child.stderr);
  let alarmAt: number | undefined;
  let stopping = false;
  const url = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { url: ready, alarm } = printed(line);
    if (typeof ready === 'string') url.resolve(ready);
    if (alarm !== undefined) alarmAt ??= performance.now();
  });
  const died = ended.then((how): Promise<never> => {
    if (stopping) return new Promise(() => undefined);
    throw new Error(`${name} ended by itself (${how})\n${complaints()}`.trim());
  });
  died.catch(() => undefined);
  const stop = async (): Promise<void> => {
    stopping = true;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await ended;
    clearTimeout(timer);
  };
  const timer = setTimeout(() => {
    url.reject(new Error(`${name} was not ready after ${startTimeoutMs / 1000} s\n${complaints()}`.trim()));
  }, startTimeoutMs);
  try {
    return { url: await Promise.race([url.promise, died]), firstAlarmAt: () => alarmAt, died, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      resolve(signal ?? `exit code ${code ?? 0}`);
    });
  });
}

/** The app's lines of JSON: `{"url": ...}` once it is ready, `{"alarm": ...}` where it has a monitor. Other lines are for people. */
function printed(line: string): Readonly<Record<string, unknown>> {
  if (!line.startsWith('{')) return {};
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

function lastLines(stream: NodeJS.ReadableStream): () => string {
  const lines: string[] = [];
  createInterface({ input: stream }).on('line', (line) => {
    lines.push(line);
    if (lines.length > 20) lines.shift();
  });
  return () => lines.join('\n');
}
