import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { recordStoreContract } from 'portcullis/testing';
import { clockSubject, serverTimeSubject, sharedServer } from './postgres-support.ts';

// ASVS 15.4.2, 2.3.4
describe('the postgres store as a record store', () => {
  const server = sharedServer();
  describe('by the time of the server', () => {
    for (const { name, run } of recordStoreContract(() => serverTimeSubject(server().url))) it(name, run);
  });

  describe('by a clock that is handed in', () => {
    let pool: pg.Pool;
    beforeAll(() => {
      pool = new pg.Pool({ connectionString: server().url, max: 10 });
    });
    afterAll(() => pool.end());
    for (const { name, run } of recordStoreContract(() => clockSubject(pool))) it(name, run);
  });
});

describe('the postgres store on PGlite, which has one connection and none for LISTEN', () => {
  let db: PGlite;
  beforeAll(async () => {
    db = await PGlite.create();
  }, 60_000);
  afterAll(() => db.close());
  for (const { name, run } of recordStoreContract(() => clockSubject(db))) it(name, run);
});
