import { afterAll, beforeAll, describe, it } from 'vitest';
import { counterStoreContract, fakeClock, recordStoreContract } from 'portcullis/testing';
import { clients, clusterClients, clusterForFile, pause, redisForFile, redisSubject, type OpenClient } from './redis-support.ts';

const server = redisForFile();
const cluster = clusterForFile();

/** A client for all tests of a group. */
function clientFor(open: () => Promise<OpenClient>): () => OpenClient['client'] {
  let opened: OpenClient | undefined;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.close());
  return () => (opened as OpenClient).client;
}

/** At the same time, since most of it is waiting; each case has a prefix of its own. ASVS 15.4.2, 2.3.4 */
function keepsBothContracts(client: () => OpenClient['client'], prefixOf?: (at: number) => string): void {
  let made = 0;
  const subject = () => redisSubject(client(), prefixOf === undefined ? {} : { prefix: prefixOf((made += 1)) });
  for (const { name, run } of counterStoreContract(subject)) it.concurrent(name, run);
  for (const { name, run } of recordStoreContract(subject)) it.concurrent(name, run);
}

describe.each(Object.entries(clients))('the redis store on a server, by %s', (_name, open) => {
  keepsBothContracts(clientFor(() => open(server())));
});

describe.each(Object.entries(clusterClients))('the redis store on a cluster of three masters, by %s', (_name, open) => {
  keepsBothContracts(clientFor(() => open(cluster())));
});

describe('the redis store in one slot of a cluster', () => {
  keepsBothContracts(clientFor(() => clusterClients.ioredis(cluster())), (at) => `{tag-${at}}:`);
});

describe('the redis store under a clock that is turned by hand', () => {
  const client = clientFor(() => clients.ioredis(server()));
  const subject = () => {
    const clock = fakeClock();
    return {
      ...redisSubject(client(), { clock }),
      nowMs: () => clock.nowMs(),
      async letTimePass(byMs: number) {
        await clock.advance(byMs);
        // Answers of the server take real time.
        await pause(5);
      },
      setClockBack(byMs: number) {
        clock.setWallMs(clock.nowMs() - byMs);
      },
    };
  };
  for (const { name, run } of [...counterStoreContract(subject), ...recordStoreContract(subject)]) it(name, run);
});
