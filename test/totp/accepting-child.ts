// A process of its own that sends codes to an authenticator in a file: `fork(this, [JSON.stringify(task)])`. Speaks over IPC.
import { createKeyRing } from '../../src/kernel/keys.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';
import { fakeClock } from '../../src/testing/fake-clock.ts';
import { createTotp, type TotpVerdict } from '../../src/totp/index.ts';

export interface AcceptingTask {
  readonly path: string;
  readonly key: { readonly id: string; readonly secret: readonly number[] };
  readonly atMs: number;
  readonly accountId: string;
  readonly code: string;
  readonly times: number;
}

async function run({ path, key, atMs, accountId, code, times }: AcceptingTask): Promise<readonly (TotpVerdict | 'busy')[]> {
  const clock = fakeClock(atMs);
  // With a real clock of its own: it waits for other processes by it.
  const records = sqliteStore(path);
  const keys = createKeyRing({ keys: [{ id: key.id, secret: Uint8Array.from(key.secret) }] });
  const totp = createTotp({ keys, records, issuer: 'ACME', clock });
  await totp.verify({ accountId: 'nobody', code });
  await new Promise((resolve) => {
    process.once('message', resolve);
    process.send?.('ready');
  });
  const busy = (error: unknown): 'busy' => {
    if ((error as { readonly code?: unknown }).code !== 'ERR_BUSY') throw error;
    return 'busy';
  };
  const verdicts = await Promise.all(Array.from({ length: times }, () => totp.verify({ accountId, code }).catch(busy)));
  records.close();
  return verdicts;
}

process.send?.({ answer: await run(JSON.parse(process.argv[2] ?? '') as AcceptingTask) });
process.disconnect();
