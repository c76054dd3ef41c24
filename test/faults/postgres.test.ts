import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SessionFacts } from 'portcullis';
import { postgresStore } from 'portcullis/postgres';
import { realPostgres, startPostgres } from '../support/servers/postgres.ts';
import { startProxy, type Proxy } from '../support/servers/proxy.ts';
import { realRedis, startRedis } from '../support/servers/redis.ts';
import { until } from '../support/servers/watched.ts';
import { appOn, attempt, connectedStore, counted, eachOf, figure, heldUp, wait, type Answer, type App } from './support.ts';

const deadlineMs = 250;

/** Counters in Redis, records in Postgres, as in a fleet, with a network before Postgres that a test can harm. */
async function fleet(): Promise<{ readonly app: App; readonly proxy: Proxy; readonly restart: () => Promise<void> }> {
  const redis = await startRedis();
  const postgres = await startPostgres();
  const proxy = await startProxy(postgres.port, 'postgres');
  const pool = new pg.Pool({ connectionString: `postgres://postgres@127.0.0.1:${proxy.port}/postgres`, max: 20, connectionTimeoutMillis: 500, query_timeout: 500 });
  pool.on('error', () => undefined);
  const records = postgresStore(pool);
  onTestFinished(async () => {
    records.close();
    proxy.harm('cut');
    await pool.end();
    await proxy.close();
    await postgres.stop();
    await redis.stop();
  });
  await records.migrate();
  const app = await appOn({ counters: await connectedStore(redis.port), records }, { people: 400 });
  return { app, proxy, restart: () => postgres.restart() };
}

async function session(app: App): Promise<SessionFacts> {
  const result = await app.portcullis.signIn.attempt({ identifier: 'user-399@example.com', password: app.password, facts: { address: '10.250.0.1', accepts: 'json' } });
  if (result.outcome !== 'signed-in') throw new Error(`expected a session, got ${result.outcome}`);
  return result.session;
}

// ASVS 5.0 16.5.2, 16.5.3
describe.skipIf(!realPostgres || !realRedis)('Postgres', () => {
  it.each<readonly [string, (parts: Awaited<ReturnType<typeof fleet>>) => Promise<void>]>([
    ['restarted', ({ restart }) => restart()],
    ['cut off', async ({ proxy }) => {
      proxy.harm('cut');
      await wait(800);
      proxy.harm('open');
    }],
    ['behind a network that carries nothing', async ({ proxy }) => {
      proxy.harm('half-open');
      await wait(800);
      proxy.harm('open');
    }],
  ])('%s in the middle of logins is 503 for those, and nothing for whoever is signed in', async (what, harm) => {
    const parts = await fleet();
    const { app } = parts;
    const signedIn = await session(app);
    const visit = async (): Promise<string> => (await app.portcullis.access.check({ session: signedIn, facts: { address: '10.250.0.1', accepts: 'json' } })).outcome;
    expect(await visit()).toBe('allowed');
    const loop = heldUp();
    const answers: Answer[] = [];
    const visits: string[] = [];
    let healedAtMs = Infinity;
    const state = { over: false };

    const visiting = (async () => {
      while (!state.over) {
        visits.push(await visit());
        await wait(20);
      }
    })();
    const harming = (async () => {
      await wait(400);
      await harm(parts);
      healedAtMs = performance.now();
    })();
    await eachOf(800, 20, async (at) => {
      answers.push(await attempt(app, { who: `user-${at % 300}`, password: at % 4 === 0 ? 'a wrong password of many' : app.password, address: `10.${at >> 8 & 255}.${at & 255}.1` }));
      await wait(60);
    });
    await harming;
    await until('the records are back', () => app.portcullis.health().ready);
    const recovered = await app.event('store.recovered', 0);
    // It may be back before an operator's restart has ended.
    const backAfterMs = Math.max(0, recovered.atMs - healedAtMs);
    state.over = true;
    await visiting;

    const slowest503 = Math.max(0, ...answers.filter(({ status }) => status === 503).map(({ tookMs }) => tookMs));
    figure(`Postgres ${what}`, {
      'answers': counted(answers.map(({ status }) => status)), 'visits of who is signed in': counted(visits), 'slowest 503, ms': Math.round(slowest503), 'loop held up, ms': Math.round(loop.mostMs()), 'used again after, ms': Math.round(backAfterMs),
    });
    expect(answers.filter(({ status }) => ![200, 401, 429, 503].includes(status))).toEqual([]);
    expect(counted(visits)).toBe(`allowed: ${visits.length}`);
    expect(backAfterMs).toBeLessThan(2_000 + 5 * loop.mostMs());
    expect((await attempt(app, { who: 'user-350', password: app.password, address: '10.251.0.1' })).status).toBe(200);
    // The loop may be held up at each of the two deadlines, and once more where the answer is made.
    expect(slowest503).toBeLessThan(2 * deadlineMs + 50 + 350 + 3 * loop.mostMs());
  });
});
