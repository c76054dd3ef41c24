import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStrengthMeter, type StrengthMeter } from '../../src/password/strength.ts';
import { commonList } from 'portcullis/breach';
import { createPasswordPolicy } from 'portcullis/password';
import { eventRecorder } from '../support/recorder.ts';
import { codesOf, goodPassword, unhurriedClock } from './setup.ts';

const source = (file: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../src', file)).href);

/** Runs a program under this Node until it ends by itself; answers what it printed. It is killed, and that told, after 15 s. */
async function run(program: string, env: NodeJS.ProcessEnv = {}): Promise<{ readonly code: number | null; readonly printed: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-strength-'));
  try {
    const file = join(folder, 'program.mjs');
    writeFileSync(file, program);
    const child = spawn(process.execPath, [file], { env: { ...process.env, ...env }, timeout: 15_000, stdio: ['ignore', 'pipe', 'ignore'] });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => { printed += chunk; });
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, printed: printed.trim() };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const imports = `
  import { createStrengthMeter } from ${source('password/strength.ts')};
  import { systemClock } from ${source('kernel/clock.ts')};
  const clock = { ...systemClock, after: (delayMs, run) => systemClock.after(delayMs * 20, run) };
  const meter = createStrengthMeter({ clock, emit: (event) => console.log(event.reason) });`;

describe('the real estimator', { timeout: 60_000 }, () => {
  const { emit, events } = eventRecorder();
  let meter: StrengthMeter;
  beforeAll(async () => {
    meter = createStrengthMeter({ clock: unhurriedClock, emit });
    await meter.warmUp();
  }, 60_000);
  afterAll(() => meter.close());

  it.each([
    ['xq7', 0],
    ['abcdefghijklmnopqrstuvwxyzabcdef', 1],
    ['kx9Qz2mW', 2],
    ['ripe plums sail over Uppsala', 4],
    ['熟した梅はウプサラを越えて帆走する', 4],
  ])('knows how strong %s is', async (password, score) => {
    expect(await meter.measure(password, [])).toBe(score);
  });

  it('knows the words about the person', async () => {
    expect(await meter.measure('torvundgrinslott', [])).toBe(4);
    expect(await meter.measure('torvundgrinslott', ['torvund', 'grinslott'])).toBeLessThan(3);
  });

  it('has a score for anything up to the cap, one after the other in the same thread', async () => {
    const hard = ['a', '0', '@$!|+(0134578', '1/1/9', 'p@ssw0rd', '한', '😀', '\u0000', '4@'].map((unit) => Array.from(unit.repeat(128)).slice(0, 128).join(''));
    for (const password of hard) expect(await meter.measure(password, [])).toBeTypeOf('number');
    expect(events).toEqual([]);
  });

  it('refuses a pattern that no list knows', async () => {
    const policy = createPasswordPolicy({ commonList: commonList(), clock: unhurriedClock, emit, minStrength: 3 });
    await policy.warmUp();
    expect(codesOf(await policy.check({ password: 'abcdefghijklmnopqrstuvwxyz' }))).toEqual(['weak']);
    expect(await policy.check({ password: goodPassword })).toEqual({ ok: true, breach: 'not-checked', strength: 4 });
    await policy.close();
    expect(events).toEqual([]);
  });
});

describe('a process that estimates', { timeout: 60_000 }, () => {
  it('ends when it has nothing else to do, though nobody closed the policy', async () => {
    expect(await run(`${imports} console.log(await meter.measure('kx9Qz2mW', []));`)).toEqual({ code: 0, printed: '2' });
  });

  it('ends when it only warmed up', async () => {
    expect(await run(`${imports} await meter.warmUp(); console.log('warm');`)).toEqual({ code: 0, printed: 'warm' });
  });

  it("does not run the app's preloaded code a second time in the thread", async () => {
    const preload = "data:text/javascript,console.log('preloaded')";
    const { printed } = await run(`${imports} console.log(await meter.measure('kx9Qz2mW', []));`, { NODE_OPTIONS: `--import=${preload}` });
    expect(printed.split('\n')).toEqual(['preloaded', '2']);
  });
});
