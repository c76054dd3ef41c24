import { createHash } from 'node:crypto';
import type { HashEngine } from '../../src/hasher/index.ts';
import { createDevices, type Devices } from '../../src/device/index.ts';
import { createPortcullis, type Portcullis } from '../../src/portcullis.ts';
import { createKeyRing } from '../../src/kernel/keys.ts';
import type { Mail } from '../../src/ports/mailer.ts';
import type { RecordStore } from '../../src/ports/record-store.ts';
import { createRecoveryCodes, type RecoveryCodes } from '../../src/recovery/index.ts';
import { fakeClock } from '../../src/testing/fake-clock.ts';
import { createTotp, type Totp } from '../../src/totp/index.ts';
import { openAccounts, type AccountsTable } from './accounts-table.ts';
import { openPlace, type OpenPlace, type Place } from './places.ts';

/** One process of an app: every piece over one store, with the keys and the user table that all its processes share. */
export interface App {
  readonly portcullis: Portcullis;
  readonly recovery: RecoveryCodes;
  readonly devices: Devices;
  /** Authenticators at a moment: codes live for half a minute, and a test must not end where one ends. */
  totpAt(atMs: number): Totp;
  readonly accounts: AccountsTable;
  readonly mails: readonly Mail[];
  readonly place: OpenPlace;
  close(): Promise<void>;
}

export interface AppOptions {
  readonly place: Place;
  /** Path of the user table. */
  readonly table: string;
  /** Stands before the records, for a process that is to die at a write. */
  readonly guard?: (records: RecordStore) => RecordStore;
}

const keys = createKeyRing({ keys: [{ id: 'races', secret: Uint8Array.from({ length: 32 }, (_, at) => at * 5 + 3) }] });

/** Of argon2id nothing depends here. */
const swiftEngine: HashEngine = {
  name: 'swift',
  derive: async ({ password, salt, tagBytes }) => createHash('shake256', { outputLength: tagBytes }).update(password).update(salt).digest(),
};

export async function openApp({ place, table, guard = (records) => records }: AppOptions): Promise<App> {
  const opened = await openPlace(place);
  const records = guard(opened.records);
  const accounts = openAccounts(table);
  const mails: Mail[] = [];
  const portcullis = createPortcullis({
    keys,
    accounts,
    records,
    ...(opened.counters !== undefined && { counters: opened.counters }),
    mailer: { send: async (mail) => void mails.push(mail) },
    baseUrl: 'https://app.example.com',
    hasher: { engine: swiftEngine, gate: { maxWaitMs: 60_000 } },
    password: { minStrength: 0 },
    breach: { sources: [{ name: 'none', check: async () => ({ verdict: 'clean' }) }] },
    // The time that hides who exists is most of what a race would take.
    uniform: { quantumMs: 25 },
    challenge: { strangers: 'mail' },
    // Who is late is no loser: a crowd on a busy machine is to be answered in the end.
    stores: { recordDeadlineMs: 60_000, counterDeadlineMs: 10_000 },
    storeDeadlineMs: 60_000,
    reportError: (error) => void process.stderr.write(`${String(error)}\n`),
  });
  return {
    portcullis,
    recovery: createRecoveryCodes({ records }),
    devices: createDevices({ keys, records }),
    totpAt: (atMs) => createTotp({ keys, records, issuer: 'ACME', clock: fakeClock(atMs) }),
    accounts,
    mails,
    place: opened,
    async close() {
      await portcullis.close();
      accounts.close();
      await opened.close();
    },
  };
}
