import { describe, expect, it } from 'vitest';
import { inChild, openChild } from '../../bench/child.ts';
import { counter, doubled, failing, quitting } from './child-work.ts';

const work = new URL('child-work.ts', import.meta.url).href;

describe('work in a fresh Node process', () => {
  it('answers from another process, with the garbage collector at hand', async () => {
    const { value, pid, gc } = await inChild(work, doubled, 21);
    expect({ value, gc }).toEqual({ value: 42, gc: 'function' });
    expect(pid).not.toBe(process.pid);
  });

  it('brings a failure home', async () => {
    await expect(inChild(work, failing, 'no port')).rejects.toThrow(/in a child process: Error: no port/);
  });

  it('is a failure, not a wait, where the process ends early', async () => {
    await expect(inChild(work, quitting, 3)).rejects.toThrow('a child process ended early (exit code 3)');
  });

  it('names the function that the module does not export', async () => {
    await expect(inChild(work, function unknown() {}, undefined)).rejects.toThrow(/there is no function "unknown"/);
  });
});

describe('an object that lives in a child', () => {
  it('keeps its state between calls, until it is closed', async () => {
    const child = await openChild(work, counter, 10);
    expect(await child.call('add', 5)).toBe(15);
    expect(await child.call('add', 5)).toBe(20);
    const pid = await child.call('pid');
    await child.close();
    expect(() => process.kill(pid, 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }) as Error);
    await expect(child.call('pid')).rejects.toMatchObject({ code: 'ERR_IPC_CHANNEL_CLOSED' });
  });
});
