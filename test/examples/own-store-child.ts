// A process of its own with a store on the bucket that it is told: `fork(this, [url, version])`. Spends one record.
import { bucketStore } from '../../examples/own-store/bucket-store.ts';

const [, , url = '', version = ''] = process.argv;
const store = bucketStore({ url, deadlineMs: 15_000 });
process.once('message', () => {
  void store.compareAndSet({ key: 'reset:a', expectedVersion: Number(version), value: null }).then((spent) => {
    process.send?.({ spent });
    process.disconnect();
  });
});
process.send?.('ready');
