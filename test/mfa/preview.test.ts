import { describe, expect, it } from 'vitest';
import { bytesInUse } from '../support/collect.ts';
import { createMfaPolicy } from 'portcullis/mfa';
import { memoryStore } from 'portcullis';
import { setup } from './setup.ts';

function* many(count: number) {
  for (let at = 0; at < count; at += 1) yield { accountId: `user-${at}`, organizationIds: ['team-1'] };
}

describe('a preview', () => {
  it('counts a million members in constant memory and names the first thousand who would have to enroll', async () => {
    const { mfa } = setup();
    const before = await bytesInUse();
    const seen = await mfa.preview(many(1_000_000), ({ accountId }) => accountId.endsWith('7'));
    expect(await bytesInUse() - before).toBeLessThan(2_000_000);
    expect(seen).toMatchObject({ members: 1_000_000, enrolled: 100_000, truncated: true, affected: { length: 1_000, 0: { accountId: 'user-0' }, 999: { accountId: 'user-1110' } } });
  });

  it('takes members as they come from a database, and hands back what the app knows of them', async () => {
    async function* members() {
      yield await Promise.resolve({ accountId: 'ada', name: 'Ada' });
      yield { accountId: 'bo', name: 'Bo' };
    }
    expect(await setup().mfa.preview(members(), async ({ accountId }) => Promise.resolve(accountId === 'bo'))).toEqual({ members: 2, enrolled: 1, affected: [{ accountId: 'ada', name: 'Ada' }], truncated: false });
  });

  it('says that nobody was left out when there are a thousand, and that somebody was when there is one more', async () => {
    const { mfa } = setup();
    expect(await mfa.preview(many(1_000), () => false)).toMatchObject({ affected: { length: 1_000 }, truncated: false });
    expect(await mfa.preview(many(1_001), () => false)).toMatchObject({ affected: { length: 1_000 }, truncated: true });
    expect(await mfa.preview([], () => false)).toEqual({ members: 0, enrolled: 0, affected: [], truncated: false });
  });

  it('asks about one member at a time', async () => {
    let running = 0;
    let most = 0;
    await setup().mfa.preview(many(20), async () => {
      most = Math.max(most, running += 1);
      await Promise.resolve();
      running -= 1;
      return true;
    });
    expect(most).toBe(1);
  });

  it('lets the rest of the app go on while it counts, also where every answer is at hand', async () => {
    const mfa = createMfaPolicy({ records: memoryStore() });
    let turns = 0;
    const turn = (): void => {
      turns += 1;
      pending = setImmediate(turn);
    };
    let pending = setImmediate(turn);
    await mfa.preview(many(300_000), () => true);
    clearImmediate(pending);
    expect(turns).toBeGreaterThan(1);
  });

  it('ends with the error of the app, and closes what the members come from', async () => {
    let closed = false;
    function* members() {
      try {
        yield* many(10);
      } finally {
        closed = true;
      }
    }
    await expect(setup().mfa.preview(members(), () => Promise.reject(new Error('table is down')))).rejects.toThrow('table is down');
    expect(closed).toBe(true);
  });
});
