import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { together } from '../support/children.ts';
import { attemptOf } from '../stores/redis-evidence-support.ts';
import { clients, freshPrefix, openClient, openStore, redisForFile } from '../stores/redis-support.ts';
import type { EvidenceTally, EvidenceTask } from './evidence-child.ts';

const server = redisForFile();

describe('four processes with evidence in one server', () => {
  // ASVS 5.0 15.4.2
  it('lose no attempt of one network, and tell once that a surge began', { timeout: 120_000 }, async () => {
    const [times, failures] = [250, 25];
    const prefix = freshPrefix();
    const tasks = Array.from({ length: 4 }, (_, number): EvidenceTask => ({ port: server().port, prefix, number, times, failures }));
    const tallies = (await together(join(import.meta.dirname, 'evidence-child.ts'), tasks)) as readonly EvidenceTally[];
    const seen = tallies.flatMap((tally) => tally.seen).toSorted((one, other) => one - other);
    // A score falls by a millionth in a tenth of a second: over a slow minute by less than half of one.
    expect(seen.map((score, before) => Math.abs(score - before) < 0.001 * before + 1e-9)).not.toContain(false);
    const news = tallies.flatMap((tally) => tally.news);
    console.log(`4 processes x ${times} attempts of one network: the scores ${seen[0] ?? NaN} to ${Math.round(seen.at(-1) ?? NaN)}, and of ${news.length} failures ${news.filter(({ surge }) => surge === 'began').length} began a surge`);
    expect(news.filter(({ surge }) => surge !== undefined)).toHaveLength(1);
    expect(news.filter(({ slowSurge }) => slowSurge !== undefined)).toHaveLength(1);
    const store = openStore(await openClient(clients.ioredis, server()), { prefix });
    const { source, account, password } = await store.reserve(attemptOf('network', 'alice', 'spring'));
    for (const score of [source, account]) expect(score / (4 * times)).toBeCloseTo(1, 2);
    expect(password).toBe(4 * failures);
  });
});
