import { createRecoveryCodes } from '../../src/recovery/index.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';

// Run by processes.test.ts: redeems what it is told to, as one of several processes of an app.
const store = sqliteStore(process.argv[2] ?? '');
const recovery = createRecoveryCodes({ records: store });

process.on('message', (attempt: { readonly accountId: string; readonly code: string }) => {
  void recovery.redeem(attempt).then((verdict) => process.send?.(verdict));
});
process.once('disconnect', () => {
  store.close();
});
process.send?.('ready');
