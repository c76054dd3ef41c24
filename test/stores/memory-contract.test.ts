import { describe, it } from 'vitest';
import { counterStoreContract, recordStoreContract } from 'portcullis/testing';
import { memorySubject } from '../support/memory-subject.ts';

// ASVS 15.4.2, 2.3.4
describe('the memory store as a counter store', () => {
  for (const { name, run } of counterStoreContract(() => memorySubject())) it(name, run);
});

describe('the memory store as a record store', () => {
  for (const { name, run } of recordStoreContract(() => memorySubject())) it(name, run);
});
