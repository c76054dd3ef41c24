import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Deed, Outcome } from './deeds.ts';
import type { DieAt, Order, Start, Tally } from './racer.ts';

/** A process that races. */
export interface Racer {
  order(order: Order): Promise<unknown>;
  /** Orders the start. Answers undefined for one that died. */
  go(atMs: number): Promise<Tally | undefined>;
  /** Successes that it has told of so far, the last words of a dead one included once `ended` has settled. */
  told(): number;
  /** Resolves when it has told of a success. */
  readonly firstSuccess: Promise<void>;
  readonly ended: Promise<void>;
  readonly kill: () => void;
}

/** What all racers of one race came to. */
export interface Race {
  readonly attempts: number;
  readonly done: number;
  readonly refused: Readonly<Record<Outcome, number>>;
  /** How long the slowest of them took. */
  readonly tookMs: number;
  /** Successes of each racer in turn. */
  readonly by: readonly number[];
}

/** What Node has compiled, for those who start later: it is half of what a start takes. */
const compiled = join(tmpdir(), `portcullis-races-compiled-${process.pid}`);

/** Ends racers, and removes what all of them have left. */
export async function endRacers(racers: readonly Racer[]): Promise<void> {
  for (const racer of racers) racer.kill();
  await Promise.all(racers.map(({ ended }) => ended));
  rmSync(compiled, { recursive: true, force: true });
}

export async function startRacer(start: Start): Promise<Racer> {
  const child = fork(join(import.meta.dirname, 'racer.ts'), [JSON.stringify(start)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let said = '';
  let succeeded: () => void = () => undefined;
  const firstSuccess = new Promise<void>((resolve) => {
    succeeded = resolve;
  });
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
    succeeded();
  });
  const ended = once(child, 'close').then(() => undefined);

  async function heard(): Promise<unknown> {
    const message = await Promise.race([once(child, 'message'), ended]);
    if (message === undefined) throw new Error('a racer has ended');
    const { answer, error } = (message as unknown[])[0] as { readonly answer?: unknown; readonly error?: string };
    if (error !== undefined) throw new Error(error);
    return answer;
  }
  async function order(given: Order): Promise<unknown> {
    const answer = heard();
    child.send(given);
    return answer;
  }

  await heard();
  return {
    order,
    go: (atMs) => order({ go: atMs }).then((tally) => tally as Tally, (error: unknown) => {
      if (child.signalCode !== 'SIGKILL') throw error;
      return undefined;
    }),
    told: () => said.split('\n').length - 1,
    firstSuccess,
    ended,
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Far enough ahead for the signal to reach all of them. */
const noticeMs = 40;

/** A process that dies in a race. */
export interface Victim {
  readonly racer: Racer;
  /** At a write of its own. Without: it is killed by SIGKILL from outside, when it has told of its first success. */
  readonly dieAt?: DieAt;
  /** How much earlier than the others it begins, ms. */
  readonly leadMs?: number;
}

/** All do the deed so many times at once, from the same moment on. */
export async function race(racers: readonly Racer[], { deed, times = 25, victim }: { readonly deed: Deed; readonly times?: number; readonly victim?: Victim }): Promise<Race> {
  const all = victim === undefined ? racers : [...racers, victim.racer];
  const before = all.map((racer) => racer.told());
  await Promise.all(all.map((racer) => racer.order({ prepare: deed, times, ...(racer === victim?.racer && victim.dieAt !== undefined && { dieAt: victim.dieAt }) })));
  const atMs = Date.now() + noticeMs;
  const running = all.map((racer) => racer.go(racer === victim?.racer ? atMs - (victim.leadMs ?? 0) : atMs));
  if (victim !== undefined && victim.dieAt === undefined) victim.racer.firstSuccess.then(victim.racer.kill, () => undefined);
  const tallies = await Promise.all(running);
  // One who came too late to write anything lives on.
  victim?.racer.kill();
  await victim?.racer.ended;
  return sumOf(tallies, all.map((racer, at) => racer.told() - (before[at] ?? 0)));
}

/** Of the dead only what they said is known. */
function sumOf(tallies: readonly (Tally | undefined)[], told: readonly number[]): Race {
  const by = tallies.map((tally, at) => tally?.outcomes['done'] ?? (tally === undefined ? (told[at] ?? 0) : 0));
  const refused: Record<Outcome, number> = {};
  for (const tally of tallies) {
    for (const [outcome, count] of Object.entries(tally?.outcomes ?? {})) if (outcome !== 'done') refused[outcome] = (refused[outcome] ?? 0) + count;
  }
  return {
    attempts: tallies.reduce((sum, tally) => sum + (tally?.attempts ?? 0), 0),
    done: by.reduce((sum, count) => sum + count, 0),
    refused,
    tookMs: Math.max(...tallies.map((tally) => tally?.tookMs ?? 0)),
    by,
  };
}
