import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKeyRing, createPortcullis, type IncidentResponse, type PortcullisOptions } from 'portcullis';
import { auditQuery } from 'portcullis/audit';
import { sqliteStore } from 'portcullis/sqlite';
import { accountPages, createAccounts } from '../../shared/accounts.ts';
import { openData, type Data } from '../../shared/data/data.ts';
import { openMailFolder, type StoredMail } from '../../shared/mail-folder.ts';

/** Whoever is woken at night, at a process of their own beside the app: the same files, as the command `portcullis` works on them. */
export interface Operator {
  readonly incident: IncidentResponse;
  /** Addresses of the accounts that somebody got into from these sources, as the audit log says. */
  whoGotIn(query: { readonly sources: readonly string[]; readonly fromMs: number }): Promise<readonly string[]>;
  /** What this process has mailed to somebody. */
  mailed(email: string): readonly StoredMail[];
  close(): Promise<void>;
}

/** Opens what the app keeps in its folder. The app runs all the while. */
export function openOperator({ dataFolder, baseUrl }: { readonly dataFolder: string; readonly baseUrl: string }): Operator {
  const data = openData(dataFolder);
  const mails = openMailFolder(join(dataFolder, 'mails'));
  const store = sqliteStore(join(dataFolder, 'portcullis.sqlite'));
  const keys = createKeyRing({ keys: [{ id: 'k1', secret: readFileSync(join(dataFolder, 'key')) }] });
  const auditPath = join(dataFolder, 'audit.jsonl');
  const incident = { pages: accountPages(data), activity: activityOf(data), auditPath };
  const portcullis = createPortcullis({ keys, baseUrl, accounts: createAccounts(data), mailer: mails, counters: store, records: store, incident });
  const startedAtMs = Date.now();
  return {
    incident: portcullis.incident,
    async whoGotIn({ sources, fromMs }) {
      const { accounts } = await auditQuery({ keys, path: auditPath, sources, fromMs, gotIn: true });
      return accounts.flatMap(({ account }) => data.users.byId(account)?.email ?? []);
    },
    mailed: (email) => mails.list(email).filter(({ sentAtMs }) => sentAtMs >= startedAtMs),
    async close() {
      await portcullis.close();
      store.close();
      data.close();
    },
  };
}

/** Exports and mailings, which the app itself takes down. */
function activityOf({ activity }: Data): NonNullable<NonNullable<PortcullisOptions['incident']>['activity']> {
  return async function* of(query) {
    yield* activity.of(query);
  };
}
