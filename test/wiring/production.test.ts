import { afterEach, describe, expect, it, vi } from 'vitest';
import { createPortcullis, memoryStore, type PortcullisOptions } from 'portcullis';
import { sqliteStore } from 'portcullis/sqlite';
import { keyRing, memoryTable } from '../support/kit.ts';
import { freshPath } from '../stores/sqlite-support.ts';

const least: PortcullisOptions = { keys: keyRing, baseUrl: 'https://app.example.com', accounts: memoryTable(), mailer: { send: async () => undefined } };
const message = 'portcullis.records: expected a store that outlives the process, such as sqliteStore(path) of portcullis/sqlite; another one needs dangerouslyAllowVolatileRecords';
const refusal = expect.objectContaining({ name: 'ConfigError', code: 'ERR_CONFIG', message }) as Error;

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('createPortcullis where NODE_ENV is production', () => {
  it('refuses records that end with the process, whether they were named or are the default', () => {
    vi.stubEnv('NODE_ENV', 'production');
    expect(() => createPortcullis(least)).toThrow(refusal);
    expect(() => createPortcullis({ ...least, records: memoryStore() })).toThrow(refusal);
    expect(() => createPortcullis({ ...least, records: memoryStore(), dangerouslyAllowVolatileRecords: false })).toThrow(refusal);
  });

  it('takes them when told that it is dangerous', () => {
    vi.stubEnv('NODE_ENV', 'production');
    expect(() => createPortcullis({ ...least, dangerouslyAllowVolatileRecords: true })).not.toThrow();
  });

  // ASVS 5.0 13.4.2
  it('refuses, in a worker of a cluster, counters that the others do not share, unless told that it is dangerous', () => {
    vi.stubEnv('NODE_ENV', 'production');
    const cluster = process.getBuiltinModule('node:cluster') as unknown as { isWorker: boolean };
    const records = sqliteStore(freshPath());
    cluster.isWorker = true;
    try {
      expect(() => createPortcullis({ ...least, records })).toThrow(/^portcullis\.counters: expected a store that the workers of a cluster share/);
      expect(() => createPortcullis({ ...least, records, dangerouslyCountPerProcess: true })).not.toThrow();
      expect(() => createPortcullis({ ...least, records, counters: records })).not.toThrow();
      vi.stubEnv('NODE_ENV', 'development');
      expect(() => createPortcullis({ ...least, records })).not.toThrow();
    } finally {
      cluster.isWorker = false;
      records.close();
    }
  });

  it.each([
    ['plain http', { baseUrl: 'http://app.example.com' }, /^portcullis\.baseUrl/],
    ['a weak password hash', { hasher: { parameters: { memoryKiB: 4_096, passes: 1, lanes: 1 } } }, /ASVS 5\.0 appendix C/],
  ])('refuses %s, there and elsewhere', (_what, weak, complaint) => {
    for (const env of ['production', 'development']) {
      vi.stubEnv('NODE_ENV', env);
      expect(() => createPortcullis({ ...least, dangerouslyAllowVolatileRecords: true, ...weak })).toThrow(complaint);
    }
  });

  it('takes a store that outlives the process, and counters that do not', () => {
    vi.stubEnv('NODE_ENV', 'production');
    const records = sqliteStore(freshPath());
    expect(() => createPortcullis({ ...least, records })).not.toThrow();
    expect(() => createPortcullis({ ...least, records, counters: memoryStore() })).not.toThrow();
    records.close();
  });
});

describe('createPortcullis elsewhere', () => {
  it.each([undefined, 'development', 'test', 'Production'])('asks nothing of its records: NODE_ENV %s', (env) => {
    vi.stubEnv('NODE_ENV', env);
    expect(() => createPortcullis(least)).not.toThrow();
  });
});
