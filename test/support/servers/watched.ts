import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';

/** A server of a test. It never outlives the process that started it, whatever that dies of. */
export interface Watched {
  /** Whether it has not ended yet. */
  alive(): boolean;
  signal(name: NodeJS.Signals): void;
  /** Ends it with SIGKILL where it still runs, and waits until it is gone. */
  end(): Promise<void>;
}

/**
 * A shell that starts the server and reads its own input, which is a pipe from here. The pipe ends when this process does,
 * also by SIGKILL: then the shell ends the server and removes its folder. The line `keep` ends the server alone.
 */
const watchdog = 'folder="$1"; shift; "$@" </dev/null >/dev/null 2>&1 & pid=$!; echo $pid; read -r line; kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null; [ "$line" = keep ] || rm -rf "$folder"';

/** Starts a program in the background. `folder` is removed if this process dies. */
export async function spawnWatched(program: string, args: readonly string[], folder: string): Promise<Watched> {
  // In a group of its own: Ctrl-C ends it by way of the pipe, so that the folder goes too.
  const shell = spawn('/bin/sh', ['-c', watchdog, 'watchdog', folder, program, ...args], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const exited = once(shell, 'exit');
  shell.stdin.on('error', () => undefined);
  const [said] = (await once(shell.stdout, 'data')) as [Buffer];
  const pid = Number(said);
  for (const each of [shell, shell.stdin, shell.stdout]) (each as { unref?: () => void }).unref?.();
  const alive = (): boolean => {
    try {
      process.kill(pid, 0);
      return !isZombie(pid);
    } catch {
      return false;
    }
  };
  return {
    alive,
    signal(name) {
      process.kill(pid, name);
    },
    async end() {
      shell.ref();
      shell.stdin.end('keep\n');
      await exited;
    },
  };
}

/** Ended, and not yet asked about by the shell, which waits for its input. */
function isZombie(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && /\) Z /.test(readFileSync(stat, 'utf8'));
}

/** A port that nobody listens on, at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Asks again and again until the answer is yes. Rejects with what was waited for. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}
