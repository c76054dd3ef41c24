import { afterAll, beforeAll, describe, it } from 'vitest';
import { evidenceStoreContract, fakeClock } from 'portcullis/testing';
import { resilientEvidence } from '../../src/stores/resilient/index.ts';
import { memorySubject } from '../support/memory-subject.ts';
import { clients, clusterClients, clusterForFile, redisForFile, redisSubject, type OpenClient } from './redis-support.ts';

const server = redisForFile();
const cluster = clusterForFile();

/** Each case has a prefix of its own. ASVS 5.0 15.4.2 */
function keepsTheContract(open: () => Promise<OpenClient>, prefixOf?: (at: number) => string): void {
  let opened: OpenClient | undefined;
  let made = 0;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.close());
  for (const { name, run } of evidenceStoreContract(() => redisSubject((opened as OpenClient).client, prefixOf === undefined ? {} : { prefix: prefixOf((made += 1)) }))) it(name, { timeout: 60_000 }, run);
}

describe.each(Object.entries(clients))('the evidence of a redis store on a server, by %s', (_name, open) => {
  keepsTheContract(() => open(server()));
});

describe.each(Object.entries(clusterClients))('the evidence of a redis store on a cluster of three masters, by %s', (_name, open) => {
  keepsTheContract(() => open(cluster()));
});

describe('the evidence of a redis store in one slot of a cluster', () => {
  keepsTheContract(() => clusterClients.ioredis(cluster()), (at) => `{tag-${at}}:`);
});

describe('the evidence of a memory store', () => {
  for (const { name, run } of evidenceStoreContract(() => memorySubject())) it(name, run);
});

describe('evidence behind a deadline and a breaker', () => {
  const subject = () => {
    const { store, ...rest } = memorySubject();
    const resilient = resilientEvidence({ ...store, shared: true }, { clock: fakeClock() });
    return { ...rest, store: resilient, close: () => { resilient.close(); } };
  };
  for (const { name, run } of evidenceStoreContract(subject)) it(name, run);
});
