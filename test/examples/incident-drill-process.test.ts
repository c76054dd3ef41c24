import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { frameworks, startAppProcess, startNode, type AttackedApp, type StartApp } from '../../examples/incident-drill/apps.ts';
import { runDrill } from '../../examples/incident-drill/drill.ts';
import { fullSize } from '../../examples/incident-drill/plan.ts';
import type { Progress } from '../../examples/incident-drill/progress.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drill-process-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function options(seed: string) {
  const seedFile = join(folder, 'seed.json');
  writeFileSync(seedFile, seed);
  return { side: 'unprotected', dataFolder: join(folder, 'data'), seedFile, breachUrl: 'http://127.0.0.1:9' } as const;
}

async function isUp({ url }: AttackedApp): Promise<boolean> {
  return fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}

describe.each(frameworks)('an app of the drill, on %s', (framework) => {
  it('is a process that answers until it is stopped', async () => {
    const app = await startAppProcess(framework)(options('{"teams":[]}'));
    expect(await isUp(app)).toBe(true);
    expect(app.firstAlarmAt()).toBeUndefined();
    await app.stop();
    expect(await isUp(app)).toBe(false);
  });

  it('that cannot start says why', async () => {
    await expect(startAppProcess(framework)(options('{}'))).rejects.toThrow(/the unprotected app ended by itself \(exit code 1\)\n.*expected \{ "teams": \[\.\.\.\] \}/);
  });
});

describe('the command of the drill', () => {
  const main = join(import.meta.dirname, '../../examples/incident-drill/main.ts');
  const run = (...args: readonly string[]): { readonly status: number | null; readonly printed: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], { encoding: 'utf8' });
    return { status, printed: stdout + stderr };
  };

  it('says which frameworks there are, and takes no other', () => {
    expect(run('--help')).toEqual({ status: 0, printed: expect.stringMatching(/--app express +.* express or fastify\n/) as unknown });
    expect(run('--app', 'koa')).toEqual({ status: 1, printed: '\n--app: expected express or fastify, got "koa"\n' });
  }, 60_000);
});

describe('what an app of the drill prints', () => {
  function script(lines: readonly string[], then: string): string[] {
    return ['-e', `${lines.map((line) => `console.log(${JSON.stringify(line)});`).join('')}${then}`];
  }

  it('is an alarm only where it says so in JSON', async () => {
    const app = await startNode(script(['an alarm for people', '{broken', '{"url":"http://127.0.0.1:9"}'], 'setInterval(() => {}, 1000)'), 'an app');
    expect([app.url, app.firstAlarmAt()]).toEqual(['http://127.0.0.1:9', undefined]);
    await app.stop();
    const before = performance.now();
    const alarmed = await startNode(script(['{"alarm":"enumeration"}', '{"url":"http://127.0.0.1:9"}'], 'setInterval(() => {}, 1000)'), 'an app');
    expect(alarmed.firstAlarmAt()).toBeGreaterThanOrEqual(before);
    await alarmed.stop();
  });

  it('is told to whoever waits when it ends by itself', async () => {
    const app = await startNode(script(['{"url":"http://127.0.0.1:9"}'], "setTimeout(() => { console.error('out of luck'); process.exitCode = 3 }, 50)"), 'an app');
    await expect(app.died).rejects.toThrow('an app ended by itself (exit code 3)\nout of luck');
    await app.stop();
  });
});

describe('a drill that is interrupted', () => {
  it('stops its app, and leaves neither folder nor process', async () => {
    const controller = new AbortController();
    const abort = (): void => {
      controller.abort(new Error('interrupted'));
    };
    let app: AttackedApp | undefined;
    let workFolder = '';
    // The first phase starts the app; the interrupt comes in the middle of the second.
    let phases = 0;
    const progress: Progress = {
      line: () => undefined,
      phase: async (_title, _live, work) => {
        phases += 1;
        if (phases === 2) setTimeout(abort, 300);
        return work();
      },
    };
    const startApp: StartApp = async (given) => {
      workFolder = dirname(dirname(given.dataFolder));
      app = await startAppProcess('express')(given);
      expect(existsSync(workFolder)).toBe(true);
      return app;
    };
    const sizes = { ...fullSize, victims: 4, strangers: 4, ordinary: 4, sources: 20, contactsPerTeam: 2 };
    await expect(runDrill({ seed: 1, sizes, startApp, progress, signal: controller.signal })).rejects.toThrow('interrupted');
    expect(phases).toBe(2);
    expect(app !== undefined && (await isUp(app))).toBe(false);
    expect([workFolder, existsSync(workFolder)]).toEqual([expect.stringContaining('incident-drill-'), false]);
  });
});
