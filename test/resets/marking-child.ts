// A process of its own that runs a job on a store in a file: `fork(this, [path, accounts, pageSize])`. Says on stdout whom it has marked.
import { writeSync } from 'node:fs';
import { createForcedResets } from '../../src/resets/index.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';

const [, , path = '', count = '0', pageSize = '1'] = process.argv;
const store = sqliteStore(path);
const resets = createForcedResets({
  records: store,
  emit(event) {
    if (event.type === 'reset.marked') writeSync(1, `marked ${event.accountId ?? ''}\n`);
    if (event.type === 'reset.job-finished') writeSync(1, 'finished\n');
  },
});

const end = await resets.markAll({
  id: 'incident-7',
  reason: 'incident',
  by: 'admin-1',
  async pages(cursor = '0') {
    const to = Math.min(Number(count), Number(cursor) + Number(pageSize));
    const accounts = Array.from({ length: to - Number(cursor) }, (_, index) => `user-${Number(cursor) + index}`);
    return Promise.resolve({
      accounts: accounts.map((id) => ({ id, email: `${id}@example.org`, passwordHash: undefined, active: true, needsBreachRecheck: false, hasSecondFactor: false })),
      next: to < Number(count) ? String(to) : undefined,
    });
  },
});
store.close();
writeSync(1, `end ${JSON.stringify(end)}\n`);
