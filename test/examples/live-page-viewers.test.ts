import { fakeClock } from 'portcullis/testing';
import type { Readable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createViewers, liveLimits, type EndReason, type Viewers } from '../../examples/shared/live/viewers.ts';

const yes = (): Promise<undefined> => Promise.resolve(undefined);
const end = (why: EndReason): string => `event: end\ndata: {"why":"${why}"}\n\n`;

/** What a stream has sent, and whether it is over. Reads all the time, as a quick browser does. */
function read(stream: Readable | undefined) {
  const got = { text: '', isOver: false };
  stream?.setEncoding('utf8').on('data', (part: string) => { got.text += part; }).on('close', () => { got.isOver = true; });
  return got;
}

describe('those who watch the live page', () => {
  const clock = fakeClock();
  let viewers: Viewers | undefined;
  let looks = 0;

  function watched(text: () => string = () => `{"look":${(looks += 1)}}`): Viewers {
    looks = 0;
    viewers = createViewers({ text, clock });
    return viewers;
  }

  afterEach(() => {
    viewers?.close();
    vi.restoreAllMocks();
  });

  it('get one picture at once, and the same next one all together, from one look every two seconds', async () => {
    const all = watched();
    const streams = ['a', 'b', 'c'].map((accountId) => read(all.open({ accountId, mayWatch: yes })));
    await clock.advance(0);
    for (const { text } of streams) expect(text).toBe('retry: 3000\nevent: picture\ndata: {"look":1}\n\n');
    await clock.advance(6_000);
    expect(looks).toBe(1 + 3);
    for (const { text } of streams) expect(text).toBe(`retry: 3000\n${[1, 2, 3, 4].map((look) => `event: picture\ndata: {"look":${look}}\n\n`).join('')}`);
  });

  it('are looked for no more once they have gone', async () => {
    const all = watched();
    const stream = all.open({ accountId: 'a', mayWatch: yes });
    read(stream);
    await clock.advance(2_000);
    stream?.destroy();
    await clock.advance(60_000);
    expect([all.size(), looks]).toEqual([0, 2]);
  });

  // ASVS 5.0 7.4.1, 7.4.2
  it.each(['session', 'proof'] as const)('stop within ten seconds after the right has ended, and are told why: %s', async (why) => {
    for (let afterMs = 0; afterMs <= 6_000; afterMs += 500) {
      let hasEnded = false;
      const got = read(watched().open({ accountId: 'a', mayWatch: () => Promise.resolve(hasEnded ? why : undefined) }));
      await clock.advance(afterMs);
      hasEnded = true;
      await clock.advance(9_999);
      expect([afterMs, got.isOver, got.text.endsWith(end(why))]).toEqual([afterMs, true, true]);
    }
  });

  it.each([
    ['answers nothing', () => new Promise<undefined>(() => undefined)],
    ['throws', () => Promise.reject(new Error('the store is away'))],
  ])('stop within ten seconds where the one who is asked %s', async (_what, mayWatch) => {
    for (let afterMs = 0; afterMs <= 6_000; afterMs += 500) {
      let isAway = false;
      const got = read(watched().open({ accountId: 'a', mayWatch: () => (isAway ? mayWatch() : yes()) }));
      await clock.advance(afterMs);
      isAway = true;
      await clock.advance(9_999);
      expect([afterMs, got.isOver, got.text.endsWith(end('session'))]).toEqual([afterMs, true, true]);
    }
  });

  it('are asked once at a time, and go on while they may', async () => {
    let [asked, atOnce, most] = [0, 0, 0];
    const got = read(watched().open({
      accountId: 'a',
      async mayWatch() {
        asked += 1;
        atOnce += 1;
        most = Math.max(most, atOnce);
        await new Promise<void>((resolve) => { clock.after(3_000, resolve); });
        atOnce -= 1;
        return undefined;
      },
    }));
    await clock.advance(600_000);
    expect([got.isOver, most]).toEqual([false, 1]);
    expect(asked).toBeGreaterThan(100);
  });

  it('are a bounded number: of a thousand as many as fit, and nobody takes the place of another one', () => {
    const all = watched();
    const opened = Array.from({ length: 1_000 }, (_, at) => all.open({ accountId: `operator-${at}`, mayWatch: yes }));
    expect(opened.map((stream) => stream !== undefined)).toEqual(opened.map((_, at) => at < liveLimits.viewers));
    expect(all.size()).toBe(liveLimits.viewers);
    opened[0]?.destroy();
    return vi.waitFor(() => { expect(all.open({ accountId: 'late', mayWatch: yes })).toBeDefined(); });
  });

  it('are a few windows of one operator: the oldest one gives way', async () => {
    const all = watched();
    const other = read(all.open({ accountId: 'b', mayWatch: yes }));
    const got: ReturnType<typeof read>[] = [];
    for (let at = 0; at < 200; at += 1) {
      got.push(read(all.open({ accountId: 'a', mayWatch: yes })));
      await clock.advance(0);
    }
    expect([all.size(), other.isOver]).toEqual([liveLimits.ofOneOperator + 1, false]);
    await vi.waitFor(() => { expect(got.map(({ isOver }) => isOver)).toEqual(got.map((_, at) => at < got.length - liveLimits.ofOneOperator)); });
    for (const { text, isOver } of got) expect(text.endsWith(end('windows'))).toBe(isOver);
  });

  it('are dropped where they do not read, and nothing is kept for them meanwhile', async () => {
    const text = `{"large":"${'x'.repeat(100_000)}"}`;
    const all = watched(() => text);
    const stream = all.open({ accountId: 'a', mayWatch: yes });
    let most = 0;
    for (let second = 0; second < 10; second += 1) {
      most = Math.max(most, stream?.readableLength ?? 0);
      await clock.advance(1_000);
    }
    expect([stream?.destroyed, all.size()]).toEqual([false, 1]);
    await clock.advance(4_000);
    expect([stream?.destroyed, all.size()]).toEqual([true, 0]);
    expect(most).toBeLessThan(2 * text.length);
  });

  it('read on, where they were slow for a moment', async () => {
    const all = watched();
    const stream = all.open({ accountId: 'a', mayWatch: yes });
    await clock.advance(8_000);
    const got = read(stream);
    await clock.advance(60_000);
    expect([got.isOver, all.size()]).toEqual([false, 1]);
    expect(got.text).toMatch(/"look":1\}\n\nevent: picture\ndata: \{"look":\d+\}/);
  });

  it('end with the app, and nobody begins any more', async () => {
    const all = watched();
    const got = read(all.open({ accountId: 'a', mayWatch: yes }));
    await clock.advance(0);
    all.close();
    await vi.waitFor(() => { expect(got.isOver).toBe(true); });
    expect([got.text.endsWith(end('server')), all.open({ accountId: 'b', mayWatch: yes }), all.size()]).toEqual([true, undefined, 0]);
  });

  it('end where there is no picture, and bring nothing down', async () => {
    const complained = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    let isBroken = false;
    const all = watched(() => {
      if (isBroken) throw new Error('no picture');
      return '{}';
    });
    const got = read(all.open({ accountId: 'a', mayWatch: yes }));
    isBroken = true;
    await clock.advance(2_000);
    await vi.waitFor(() => { expect(got.isOver).toBe(true); });
    await clock.advance(2_000);
    expect(all.open({ accountId: 'b', mayWatch: yes })).toBeUndefined();
    expect(complained).toHaveBeenCalled();
  });

  it('get lines that cannot be taken for more than one', async () => {
    const got = read(watched(() => 'a\r\n\nevent: end\rdata: b').open({ accountId: 'a', mayWatch: yes }));
    await clock.advance(0);
    expect(got.text).toBe('retry: 3000\nevent: picture\ndata: a event: end data: b\n\n');
  });
});
