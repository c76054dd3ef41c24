// A process of its own that gives a mark and ends all sessions in a file: `fork(this, [path])`. Speaks over IPC.
import { once } from 'node:events';
import { createSessionEpochs } from '../../src/epochs/index.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';

const records = sqliteStore(process.argv[2] ?? '');
const epochs = createSessionEpochs({ records });
const accountId = 'user-1';

process.send?.({ mark: await epochs.mark({ accountId, organizationIds: ['team-1'] }) });
for (;;) {
  const [scope] = (await once(process, 'message')) as [string];
  if (scope === 'end') break;
  if (scope === 'everyone') await epochs.revokeEveryone({ by: 'admin-1' });
  else if (scope === 'organization') await epochs.revokeOrganization({ id: 'team-1', by: 'admin-1' });
  else await epochs.revokeUser({ accountId, by: 'admin-1' });
  process.send?.({ mark: await epochs.mark({ accountId, organizationIds: ['team-1'] }) });
}
// Nothing is closed: neither the watches nor the store keep a process alive.
process.disconnect();
