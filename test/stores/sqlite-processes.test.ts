import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { CounterRule } from 'portcullis';
import { startChild, together } from '../support/children.ts';
import type { ChildTask } from './sqlite-child.ts';
import { freshPath, openStore } from './sqlite-support.ts';

const hourly = (burst: number): CounterRule => ({ name: 'shared', intervalMs: 3_600_000, burst });

const file = join(import.meta.dirname, 'sqlite-child.ts');
const startAll = (tasks: readonly ChildTask[]) => together(file, tasks);
const startOne = (task: ChildTask) => startChild(file, task);

function sumOf(numbers: readonly unknown[]): number {
  return numbers.reduce<number>((sum, each) => sum + (each as number), 0);
}

describe('several processes with a store on one file', () => {
  it('that start at the same moment all open a file that was not there', async () => {
    const path = freshPath();
    const answers = await startAll(Array.from({ length: 4 }, () => ({ do: 'take', path, times: 1, burst: 2, atOnce: false })));
    expect(sumOf(answers)).toBe(2);
  });

  it.each([{ atOnce: false }, { atOnce: true }])('let exactly the limit through when all hammer one key, all calls at once: $atOnce', async ({ atOnce }) => {
    const path = freshPath();
    const answers = await startAll(Array.from({ length: 4 }, () => ({ do: 'take', path, times: 500, burst: 700, atOnce })));
    expect(sumOf(answers)).toBe(700);
    const store = openStore(path);
    expect((await store.peek([{ rule: hourly(700), key: 'k', cost: 1 }])).allowed).toBe(false);
  });

  // ASVS 15.4.2
  it('replace each version of a record once, when 4 processes try in 25 ways at once', async () => {
    const path = freshPath();
    const replaced = (await startAll(Array.from({ length: 4 }, () => ({ do: 'raise', path, rounds: 30 })))).flat() as number[];
    expect(new Set(replaced).size).toBe(replaced.length);
    expect(replaced.length).toBeGreaterThan(0);
    expect((await openStore(path).read('contract:sum'))?.value).toBe(String(replaced.length));
  });

  it('hear of each other\'s writes within a second', async () => {
    const path = freshPath();
    const { go, answer } = await startOne({ do: 'write', path, key: 'switch:all', value: 'on' });
    const store = openStore(path);
    const heard = new Promise<number>((resolve) => {
      store.watch('switch:all', () => {
        resolve(performance.now());
      });
    });
    store.watch('switch:other', () => {
      throw new Error('nobody wrote that one');
    });
    const answered = answer();
    go();
    expect(await answered).toBe(true);
    const writtenMs = performance.now();
    expect((await heard) - writtenMs).toBeLessThan(1_000);
    expect((await store.read('switch:all'))?.value).toBe('on');
  });

  it('may end while they watch: a watcher keeps no process alive', async () => {
    const { child, go, answer } = await startOne({ do: 'watch', path: freshPath() });
    const [answered, exited] = [answer(), once(child, 'exit')];
    go();
    expect(await answered).toBe(true);
    expect(await exited).toEqual([0, null]);
  });
});

describe('a process that is killed in the middle of its writes', () => {
  it.each([20, 60, 150, 400])('leaves a sound file in which every answered write is there, killed after %i answers', async (answers) => {
    const path = freshPath();
    const { child, go } = await startOne({ do: 'storm', path });
    let said = '';
    go();
    for await (const chunk of child.stdout ?? []) {
      said += String(chunk);
      if (said.split('\n').length > answers) child.kill('SIGKILL');
    }
    const lines = said.split('\n').slice(0, -1);
    expect(lines.length).toBeGreaterThanOrEqual(answers);

    const db = new DatabaseSync(path);
    expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    db.close();

    const store = openStore(path);
    for (const line of lines) {
      const [what = '', turn = ''] = line.split(' ');
      if (what === 'record') expect((await store.read(`storm:${turn}`))?.value).toBe(`value ${turn}`);
      else expect((await store.take([{ rule: hourly(1), key: `key-${turn}`, cost: 1 }])).allowed).toBe(false);
    }
  });
});
