// Run by processes.test.ts: another process of the app, which says over IPC what it lets through, or orders until it is killed.
import { writeSync } from 'node:fs';
import { createReadOnlyMode } from '../../src/read-only/index.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';

const [, , path = '', job = 'watch'] = process.argv;
const store = sqliteStore(path);
const mode = createReadOnlyMode({ records: store });
await mode.ready();

if (job === 'order') {
  for (let turn = 0; ; turn += 1) {
    await mode.set({ level: 'writes', scope: { kind: 'user', id: `user-${turn % 100}` }, reason: `turn ${turn}`, by: 'storm' });
    writeSync(1, `${turn}\n`);
  }
}

let last = '';
const looking = setInterval(() => {
  const { level } = mode.standing();
  if (level !== last) process.send?.({ level, atMs: Date.now() });
  last = level;
}, 5);
process.once('disconnect', () => {
  clearInterval(looking);
  mode.close();
  store.close();
});
