// A process of its own that contains an incident on the SQLite file that it is told: `fork(this, [JSON.stringify(task)])`.
// It kills itself where the task says, and writes each mail and each raise into a file before it goes on.
import { appendFileSync } from 'node:fs';
import { createSessionEpochs } from '../../src/epochs/index.ts';
import { createIncidentResponse } from '../../src/flows/incident/incident.ts';
import { createMfaPolicy } from '../../src/mfa/index.ts';
import type { SecurityEvent } from '../../src/ports/events.ts';
import { createReadOnlyMode } from '../../src/read-only/index.ts';
import { createForcedResets } from '../../src/resets/index.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';

export interface ContainTask {
  readonly path: string;
  /** Where mails and events are written down, one a line. */
  readonly log: string;
  readonly accounts: number;
  /** How long a step that another process is at is left to it, ms. */
  readonly takeOverAfterMs: number;
  /** `step state`, or `mail 3`: it dies there by SIGKILL. */
  readonly dieAt?: string;
}

/** Codes and messages, of what has caused it too. */
function told(error: unknown): string {
  const { code, message, cause } = error as Error & { readonly code?: unknown };
  return `${String(code)} ${message}${cause === undefined ? '' : ` ${told(cause)}`}`;
}

// Written files that grow too large are an error, and not the end of the process.
process.on('SIGXFSZ', () => undefined);

const task = JSON.parse(process.argv[2] ?? '') as ContainTask;

function reached(where: string): void {
  if (where === task.dieAt) process.kill(process.pid, 'SIGKILL');
}

const emit = (event: SecurityEvent): void => {
  if (event.type !== 'incident.step') appendFileSync(task.log, `event ${event.type}\n`);
};

const records = sqliteStore(task.path);
const readOnly = createReadOnlyMode({ records, emit });
const epochs = createSessionEpochs({ records, emit });
const all = Array.from({ length: task.accounts }, (_, at) => ({ id: `a${at}`, email: `a${at}@example.com`, passwordHash: 'x', active: true, needsBreachRecheck: false, hasSecondFactor: false }));
let mails = 0;

const incident = createIncidentResponse({
  records, readOnly, epochs, emit,
  resets: createForcedResets({ records, emit }),
  mfa: createMfaPolicy({ records, emit }),
  mailer: {
    async send({ kind, to }) {
      appendFileSync(task.log, `mail ${kind} ${to}\n`);
      mails += 1;
      reached(`mail ${mails}`);
      await Promise.resolve();
    },
  },
  links: { signIn: 'https://app.example.com/login', forgot: 'https://app.example.com/forgot' },
  accounts: { findById: async (id) => Promise.resolve(all.find((each) => each.id === id)) },
  pages: async (cursor = '0') => Promise.resolve({ accounts: all.slice(Number(cursor), Number(cursor) + 50), next: Number(cursor) + 50 < all.length ? String(Number(cursor) + 50) : undefined }),
  mailsPerSecond: 1_000,
  takeOverAfterMs: task.takeOverAfterMs,
});

await new Promise((resolve) => {
  process.once('message', resolve);
  process.send?.('ready');
});
await incident.contain({
  id: 'october', by: 'operator-1', reason: 'Attackers tried passwords from leaks',
  affected: { accountIds: all.slice(0, task.accounts / 2).map(({ id }) => id) },
  secondFactor: { scope: { kind: 'app' }, graceMs: 0 },
  onProgress: ({ step, state }) => {
    reached(`${step} ${state}`);
  },
}).then((report) => process.send?.({ report }), (error: unknown) => process.send?.({ error: told(error) }));
readOnly.close();
epochs.close();
records.close();
process.disconnect();
