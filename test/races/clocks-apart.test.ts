import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { EpochMark } from '../../src/ports/session.ts';
import { realPostgres } from '../support/servers/postgres.ts';
import { realRedis } from '../support/servers/redis.ts';
import { fieldForGroup, figuresOfFile, grounds, racersForFile } from './grounds.ts';
import { secrets } from './secrets.ts';
import { race, type Racer } from './team.ts';

const apartMs = 30_000;
const kinds = Object.keys(secrets) as (keyof typeof secrets)[];
/** Those of one machine have one clock. */
const stores = grounds.filter(({ name }) => ['redis by ioredis', 'postgres'].includes(name));
const racers = racersForFile([0, -apartMs]);
const note = figuresOfFile(`2 processes, the second with its clock ${apartMs / 1_000} s behind, 25 attempts at once in each:`);

/** One whose clock is right, and one whose clock is behind. */
function both(): readonly [Racer, Racer] {
  const [right, behind] = racers();
  if (right === undefined || behind === undefined) throw new Error('there are no racers');
  return [right, behind];
}

/** The order of the two does not matter: either may be the one that acts first. */
const turns = [['the one whose clock is behind', 1], ['the one whose clock is ahead', 0]] as const;

/** Asks until the answer is no. Checks may answer from memory for a second. */
async function untilNo(ask: () => Promise<unknown>): Promise<unknown> {
  const endMs = performance.now() + 5_000;
  for (;;) {
    const answer = await ask();
    if (answer === false || performance.now() > endMs) return answer;
    await wait(20);
  }
}

/** Asks until the session is over. Within two seconds: checks may answer from memory for one. */
async function verdictInTheEnd(racer: Racer, { accountId, mark }: { readonly accountId: string; readonly mark: EpochMark }): Promise<unknown> {
  const endMs = performance.now() + 5_000;
  for (;;) {
    const verdict = (await racer.order({ check: mark, accountId })) as { readonly live: boolean };
    if (!verdict.live || performance.now() > endMs) return verdict;
    await wait(20);
  }
}

describe.each(stores)('two processes whose clocks are 30 s apart, on $name', (ground) => {
  describe.skipIf(!realPostgres && ground.server === 'postgres' || !realRedis && ground.server === 'redis')('that share a store', () => {
    const field = fieldForGroup(ground, racers);

    // ASVS 5.0 15.4.2, 2.3.4; RFC 6238 5.2
    it.each(kinds)('find a secret good once: %s', async (kind) => {
      const { app } = field();
      const { deed, email } = await secrets[kind](app);
      const result = await race(racers(), { deed });
      note(`${ground.name}, ${kind}`, result);
      expect(result).toMatchObject({ attempts: 50, done: 1 });
      expect(await race(racers(), { deed, times: 1 })).toMatchObject({ attempts: 2, done: 0 });
      expect(app.accounts.count(email)).toEqual({ accounts: 1, replaced: kind.startsWith('reset') ? 1 : 0 });
    });

    // ASVS 5.0 2.4.1
    it('count at most one wrong recovery code more than one process would', async () => {
      const [{ deed }, other] = [await secrets.recovery(field().app), await secrets.recovery(field().app)];
      const result = await race(racers(), { deed: { ...other.deed, ...deed, code: 'code' in other.deed ? other.deed.code : '' } as typeof deed });
      note(`${ground.name}, wrong recovery codes`, result);
      expect(result).toMatchObject({ attempts: 50, done: 0 });
      expect(result.refused['wrong-code']).toBeGreaterThanOrEqual(5);
      expect(result.refused['wrong-code']).toBeLessThanOrEqual(6);
    });

    if (ground.hasCounters) {
      it.each(['take', 'take-two'] as const)('get exactly the limit out of one key: %s', async (what) => {
        // One comes back every 20 s: to a clock that is ahead, at once.
        const deed = { do: what, key: `key of ${what}`, limit: 20, windowMs: 400_000 } as const;
        const result = await race(racers(), { deed });
        note(`${ground.name}, ${what} 20`, result);
        expect(result).toMatchObject({ attempts: 50, done: 20 });
        expect((await race(racers(), { deed })).done).toBe(0);
      });
    }

    // ASVS 5.0 6.6.2
    it('both have a record for as long as its writer said, whichever that is, and lose it at the same moment', async () => {
      const [livesMs, keys] = [1_500, ['reset:ends-0', 'reset:ends-1']] as const;
      const pair = both();
      const writtenMs = performance.now();
      for (const [at, key] of keys.entries()) expect(await pair[at]?.order({ write: { key, livesMs } })).toBe(true);
      const seen = async (): Promise<readonly unknown[]> => {
        const found: unknown[] = [];
        for (const key of keys) found.push(...(await Promise.all(pair.map((racer) => racer.order({ read: key })))));
        return found;
      };
      const first = await seen();
      // A machine that was too busy to look in time proves nothing.
      if (performance.now() - writtenMs < livesMs) expect(first).toEqual(['here', 'here', 'here', 'here']);
      await wait(livesMs + 250);
      expect(await seen()).toEqual(['gone', 'gone', 'gone', 'gone']);
    });

    // ASVS 5.0 7.4.1, 7.4.5
    it.each(['organization', 'everyone'] as const)('know no browser any more that either has made known before either has ended the sessions: %s', async (scope) => {
      for (const knowing of [0, 1] as const) {
        for (const revoking of [0, 1] as const) {
          const pair = both();
          const accountId = `${scope}-${knowing}-${revoking}`;
          const cookie = (await pair[knowing].order({ remember: accountId })) as string;
          for (const racer of pair) expect(await racer.order({ knows: accountId, cookie })).toBe(true);
          await pair[revoking].order({ revoke: scope, accountId });
          for (const racer of pair) expect(await untilNo(() => racer.order({ knows: accountId, cookie }))).toBe(false);
          // One that signs in at once is known at once.
          const fresh = (await pair[knowing].order({ remember: accountId })) as string;
          for (const racer of pair) expect(await racer.order({ knows: accountId, cookie: fresh })).toBe(true);
        }
      }
    });

    // ASVS 5.0 7.4.1, 7.4.5
    describe.each(turns)('sessions that %s ends', (_who, revoker) => {
      it.each(['user', 'organization', 'everyone'] as const)('are over for the other, also those of after a raise by the other: %s', async (scope) => {
        const pair = both();
        const other = pair[1 - revoker] as Racer;
        const accountId = `${scope}-${revoker}`;
        // The other has raised before: its epoch is the time of its own clock, half a minute away.
        await other.order({ revoke: scope, accountId });
        const mark = (await other.order({ mark: accountId })) as EpochMark;
        for (const racer of pair) expect(await racer.order({ check: mark, accountId })).toEqual({ live: true });
        await pair[revoker].order({ revoke: scope, accountId });
        for (const racer of pair) expect(await verdictInTheEnd(racer, { accountId, mark })).toEqual({ live: false, reason: scope });
        const fresh = (await pair[revoker].order({ mark: accountId })) as EpochMark;
        for (const racer of pair) expect(await racer.order({ check: fresh, accountId })).toEqual({ live: true });
      });
    });
  });
});
