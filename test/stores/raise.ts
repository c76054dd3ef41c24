import type { RecordStore } from '../../src/ports/record-store.ts';

/** Counts up in one record, 25 writers of one version at once in each round; answers the versions that this process replaced. */
export async function raise(store: RecordStore, rounds: number): Promise<readonly number[]> {
  const replaced: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { value = '0', version = 0 } = (await store.read('contract:sum')) ?? {};
    const change = { key: 'contract:sum', expectedVersion: version, value: String(Number(value) + 1) };
    const won = await Promise.all(Array.from({ length: 25 }, () => store.compareAndSet(change)));
    for (const each of won) if (each) replaced.push(version);
  }
  return replaced;
}
