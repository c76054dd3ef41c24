// One process of an app, on the store that it is told: `fork(this, [JSON.stringify(start)])`. Speaks over IPC, and prints a line on
// stdout for each success before it goes on, so that one who dies is heard to the end.
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { recognize } from '../../src/flows/epochs.ts';
import type { EpochMark } from '../../src/ports/session.ts';
import type { RecordStore } from '../../src/ports/record-store.ts';
import { openApp, type App, type AppOptions } from './app.ts';
import { kindOf, readied, vain, type Attempt, type Deed, type Outcome } from './deeds.ts';

export interface Start {
  /** Which of the racers it is. */
  readonly number: number;
  /** How far the wall clock of this process is off, ms. */
  readonly skewMs: number;
}

/** Where a process dies by SIGKILL: before it sends the first write of the secret's record, while it is on its way, or when it is known to have been made. */
export type DieAt = 'before' | 'sent' | 'written';

export type Order =
  | { readonly open: Pick<AppOptions, 'place' | 'table'> }
  /** The store is about to go. */
  | { readonly leave: true }
  | { readonly prepare: Deed; readonly times: number; readonly dieAt?: DieAt }
  /** Wall-clock ms of this machine at which all begin. */
  | { readonly go: number }
  | { readonly write: { readonly key: string; readonly livesMs: number } }
  | { readonly read: string }
  | { readonly revoke: 'everyone' | 'organization' | 'user'; readonly accountId: string }
  | { readonly mark: string }
  | { readonly check: EpochMark; readonly accountId: string }
  /** Somebody has signed in in a new browser. Answers its cookie. */
  | { readonly remember: string }
  /** Whether the account knows the browser that has this cookie, and spares it the second factor. */
  | { readonly knows: string; readonly cookie: string };

/** How one process fared. */
export interface Tally {
  readonly attempts: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly tookMs: number;
}

// The store of the examples is written as an app writes it. Here the package is its source.
const source = new URL('../../src/index.ts', import.meta.url).href;
registerHooks({ resolve: (specifier, context, next) => next(specifier === 'portcullis' ? source : specifier, context) });

const { number, skewMs } = JSON.parse(process.argv[2] ?? '') as Start;
// All of the process goes by it, the drivers too, as on a machine whose clock is wrong: a clock that is handed to a store would
// make a simulation of it, in which the server's time does not count.
const rightNow = Date.now.bind(Date);
Date.now = () => rightNow() + skewMs;

let deadly: { readonly at: DieAt; readonly kind: string } | undefined;
const die = (): void => void process.kill(process.pid, 'SIGKILL');

function mortal(records: RecordStore): RecordStore {
  return {
    durable: records.durable,
    read: (key) => records.read(key),
    watch: (key, changed) => records.watch(key, changed),
    async compareAndSet(change) {
      const at = deadly !== undefined && change.key.startsWith(deadly.kind) ? deadly.at : undefined;
      if (at === 'before') die();
      const answer = records.compareAndSet(change);
      if (at === 'sent') setImmediate(die);
      const written = await answer;
      if (at === 'written' && written) die();
      return written;
    },
  };
}

let current: App | undefined;
/** Deeds that this process has done on this store. */
const known = new Set<string>();
const organizationIds = ['team-1'];
let prepared: { readonly act: (attempt: Attempt) => Promise<Outcome>; readonly times: number } | undefined;
let turn = 0;

function app(): App {
  if (current === undefined) throw new Error('no store is open');
  return current;
}

async function open(options: Pick<AppOptions, 'place' | 'table'>): Promise<'open'> {
  current = await openApp({ ...options, guard: mortal });
  return 'open';
}

async function leave(): Promise<'left'> {
  known.clear();
  await current?.close();
  current = undefined;
  return 'left';
}

async function prepare({ prepare: deed, times, dieAt }: Extract<Order, { readonly prepare: Deed }>): Promise<'ready'> {
  turn += 1;
  deadly = undefined;
  if (!known.has(deed.do)) await readied(app(), vain(deed))(attemptAt(255));
  known.add(deed.do);
  prepared = { act: readied(app(), deed), times };
  deadly = dieAt && { at: dieAt, kind: kindOf[deed.do] };
  return 'ready';
}

function attemptAt(at: number): Attempt {
  return { address: `10.${number}.${turn % 256}.${at}`, skewMs };
}

/** Timers are late by as much as a race takes: the last moments are waited for without one. */
async function startSignal(atMs: number): Promise<void> {
  const leftMs = (): number => atMs - rightNow();
  if (leftMs() > 5) await new Promise((resolve) => setTimeout(resolve, leftMs() - 5));
  while (leftMs() > 0);
}

async function go(atMs: number): Promise<Tally> {
  const { act, times } = prepared ?? { act: () => Promise.reject(new Error('nothing is prepared')), times: 1 };
  await startSignal(atMs);
  const startedMs = performance.now();
  const outcomes: Record<Outcome, number> = {};
  await Promise.all(Array.from({ length: times }, async (_, at) => {
    const outcome = await act(attemptAt(at)).catch((error: unknown) => String((error as { readonly code?: unknown }).code));
    if (outcome === 'done') writeSync(1, 'done\n');
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }));
  return { attempts: times, outcomes, tookMs: performance.now() - startedMs };
}

async function remember(accountId: string): Promise<string> {
  const { devices, portcullis } = app();
  const epochs = await portcullis.epochs.mark({ accountId, organizationIds });
  const { setCookie } = await devices.remember({ browser: devices.read(undefined), accountId, name: accountId, secondFactor: true, epochs });
  return setCookie.split(';')[0] ?? '';
}

async function knows(accountId: string, cookie: string): Promise<boolean> {
  const { devices, portcullis: { epochs } } = app();
  const account = { id: accountId, organizationIds, email: accountId, passwordHash: undefined, active: true, needsBreachRecheck: false, hasSecondFactor: true };
  const recognition = await recognize({ devices, epochs }, devices.read(cookie), account);
  return recognition.known && recognition.secondFactorUntilMs !== undefined;
}

async function obey(order: Order): Promise<unknown> {
  if ('open' in order) return open(order.open);
  if ('leave' in order) return leave();
  const { place: { records }, portcullis: { epochs } } = app();
  if ('prepare' in order) return prepare(order);
  if ('go' in order) return go(order.go);
  if ('write' in order) return records.compareAndSet({ key: order.write.key, expectedVersion: 0, value: 'here', expiresAtMs: Date.now() + order.write.livesMs });
  if ('read' in order) return (await records.read(order.read))?.value ?? 'gone';
  if ('mark' in order) return epochs.mark({ accountId: order.mark, organizationIds });
  if ('check' in order) return epochs.check({ accountId: order.accountId, organizationIds, mark: order.check });
  if ('remember' in order) return remember(order.remember);
  if ('knows' in order) return knows(order.knows, order.cookie);
  const { revoke, accountId } = order;
  if (revoke === 'everyone') await epochs.revokeEveryone({ by: 'operator' });
  else if (revoke === 'organization') await epochs.revokeOrganization({ id: 'team-1', by: 'operator' });
  else await epochs.revokeUser({ accountId, by: 'operator' });
  return 'revoked';
}

process.on('message', (order: Order) => {
  obey(order).then((answer) => process.send?.({ answer }), (error: unknown) => process.send?.({ error: String(error) }));
});
process.once('disconnect', () => process.exit());
process.send?.({ answer: 'open' });
