import { describe, it } from 'vitest';
import { counterStoreContract, recordStoreContract } from 'portcullis/testing';
import { sqliteSubject } from './sqlite-support.ts';

// ASVS 15.4.2, 2.3.4
describe('the sqlite store as a counter store', () => {
  for (const { name, run } of counterStoreContract(() => sqliteSubject())) it(name, run);
});

describe('the sqlite store as a record store', () => {
  for (const { name, run } of recordStoreContract(() => sqliteSubject())) it(name, run);
});
