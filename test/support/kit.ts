import { createHash } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import { createKeyRing, createPortcullis, memoryStore, type Accounts, type Mail, type NewAccount, type Portcullis, type PortcullisOptions, type RequestFacts, type SecurityEvent, type SessionFacts, type StoredAccount } from 'portcullis';
import type { BreachSource, BreachVerdict } from 'portcullis/breach';
import type { HashEngine } from 'portcullis/hasher';
import { fakeClock, type FakeClock } from 'portcullis/testing';

export const facts: RequestFacts = { address: '192.0.2.10', accepts: 'json' };
export const goodPassword = 'quiet marmots under tin roofs';
export const otherPassword = 'nine herons over the old mill';

/** A full session of somebody who has just given these proofs. */
export function fullSession(accountId: string, atMs: number, ...proofs: readonly string[]): SessionFacts {
  return { accountId, stage: 'full', startedAtMs: atMs, proofs: Object.fromEntries(proofs.map((method) => [method, atMs])) };
}

/** A user table in memory. `fail` makes one verb throw, `hang` makes it never answer. */
export interface Table extends Accounts {
  readonly rows: Map<string, StoredAccount & { readonly profile: NewAccount['profile'] }>;
  readonly calls: string[];
  trouble: { readonly verb: keyof Accounts; readonly kind: 'fail' | 'hang' } | undefined;
}

export interface Kit {
  readonly portcullis: Portcullis;
  readonly clock: FakeClock;
  readonly events: SecurityEvent[];
  readonly mails: Mail[];
  readonly table: Table;
  readonly store: ReturnType<typeof memoryStore>;
  /** What the breach source answers, by password; everything else is clean. `delayMs` is how long it takes. */
  readonly leaks: Map<string, BreachVerdict>;
  breachDelayMs: number;
  /** Costs of each derivation, in order. */
  readonly derivations: string[];
  /** Lets time pass until the promise has settled; answers its value and how long it took, ms. */
  run<T>(work: Promise<T>): Promise<{ readonly value: T; readonly tookMs: number }>;
  /** The same, the value alone. */
  value<T>(work: Promise<T>): Promise<T>;
  /** Puts a user into the table. */
  plant(user: { readonly email: string; readonly password?: string; readonly active?: boolean }): Promise<string>;
  /** Lets mails and other work after answers happen. */
  settle(): Promise<void>;
}

/** The cost of argon2id is not what the flows' tests are about: one SHA-256 in its place, counted. */
export function swiftEngine(derivations: string[] = []): HashEngine {
  return {
    name: 'swift',
    derive: async ({ password, salt, parameters: { memoryKiB, passes, lanes }, tagBytes }) => {
      derivations.push(`${memoryKiB},${passes},${lanes}`);
      return createHash('shake256', { outputLength: tagBytes }).update(password).update(salt).update(`${memoryKiB},${passes}`).digest();
    },
  };
}

export const keyRing = createKeyRing({ keys: [{ id: 'test', secret: Uint8Array.from({ length: 32 }, (_, at) => at * 7 + 1) }] });

/** Makes a kit. When its test is over, its events are searched for everything that must not be in them (ASVS 5.0 16.2.5). */
export function makeKit(options: Partial<PortcullisOptions> = {}): Kit {
  const clock = options.clock !== undefined && 'advance' in options.clock ? options.clock as FakeClock : fakeClock();
  const events: SecurityEvent[] = [];
  const mails: Mail[] = [];
  const leaks = new Map<string, BreachVerdict>();
  const derivations: string[] = [];
  const table = memoryTable();
  const store = memoryStore({ clock });
  const source: BreachSource = {
    name: 'leaks',
    check: async ({ password }) => {
      if (kit.breachDelayMs > 0) await new Promise<void>((resolve) => clock.after(kit.breachDelayMs, resolve));
      return leaks.get(password) ?? { verdict: 'clean' };
    },
  };
  const portcullis = createPortcullis({
    keys: keyRing,
    baseUrl: 'https://app.example.com',
    accounts: table,
    mailer: {
      send: async (mail) => {
        mails.push(mail);
      },
    },
    counters: store,
    records: store,
    password: { minStrength: 0 },
    breach: { sources: [source] },
    onEvent: (event) => events.push(event),
    reportError: () => undefined,
    clock,
    // Tests make sessions by hand; what ends those that carry a mark has tests of its own.
    epochs: { adoptUnmarkedUntil: new Date(8.64e15) },
    // Tests let years pass, and it looks at its record twice a second.
    readOnly: false,
    ...options,
    hasher: { engine: swiftEngine(derivations), ...options.hasher },
  });

  async function run<T>(work: Promise<T>): Promise<{ readonly value: T; readonly tookMs: number }> {
    const startedMs = clock.monotonicMs();
    const state = { tookMs: -1 };
    const noted = work.finally(() => {
      state.tookMs = clock.monotonicMs() - startedMs;
    });
    noted.catch(() => undefined);
    for (let step = 0; step < 2_000 && state.tookMs < 0; step += 1) await clock.advance(10);
    return { value: await noted, tookMs: state.tookMs };
  }

  const kit: Kit = {
    portcullis,
    clock,
    events,
    mails,
    table,
    store,
    leaks,
    breachDelayMs: 0,
    derivations,
    run,
    value: async (work) => (await run(work)).value,
    async plant({ email, password, active = true }) {
      const passwordHash = password === undefined ? undefined : (await run(portcullis.hasher.hash(password))).value;
      const id = `user-${table.rows.size + 1}`;
      table.rows.set(id, { id, email, passwordHash, active, needsBreachRecheck: false, hasSecondFactor: false, profile: {} });
      derivations.length = 0;
      return id;
    },
    async settle() {
      await run(portcullis.uniform.drain(20_000));
    },
  };
  onTestFinished(() => {
    const said = kit.events.map((event) => JSON.stringify(event)).join('\n');
    for (const secret of secretsOf(kit)) expect(said).not.toContain(secret);
  });
  return kit;
}

/** Passwords, hashes, addresses, tokens and codes that a kit has seen. */
function secretsOf({ mails, table }: Kit): readonly string[] {
  const found = [goodPassword, otherPassword, '$argon2id$'];
  for (const { email } of table.rows.values()) found.push(email);
  for (const mail of mails) {
    found.push(mail.to);
    if ('link' in mail) found.push(...(mail.link.split('#token=')[1] ?? '').split('.').filter((part) => part.length === 43));
    if ('code' in mail) found.push(mail.code);
  }
  return found;
}

/** Puts something else in the place of what is written about an account, as a broken store might. `of`: what was written, or ''. */
export async function overwriteRecord({ store }: Pick<Kit, 'store'>, kind: string, accountId: string, of: (written: string) => string): Promise<void> {
  const key = `${kind}:${createHash('sha256').update(Buffer.from(accountId, 'utf16le')).digest('base64url')}`;
  const found = await store.read(key);
  expect(await store.compareAndSet({ key, expectedVersion: found?.version ?? 0, value: of(found?.value ?? '') })).toBe(true);
}

/** An empty user table. */
export function memoryTable(): Table {
  const rows: Table['rows'] = new Map();
  const calls: string[] = [];
  async function on<T>(verb: keyof Accounts, act: () => T): Promise<T> {
    calls.push(verb);
    if (table.trouble?.verb === verb) {
      if (table.trouble.kind === 'fail') throw new Error('the database says: secret detail');
      await new Promise(() => undefined);
    }
    return act();
  }
  const byEmail = (email: string) => [...rows.values()].find((row) => row.email === email);
  const table: Table = {
    rows,
    calls,
    trouble: undefined,
    findByIdentifier: (identifier) => on('findByIdentifier', () => byEmail(identifier)),
    findById: (accountId) => on('findById', () => rows.get(accountId)),
    create: ({ email, passwordHash, profile }) =>
      on('create', () => {
        if (byEmail(email) !== undefined) return undefined;
        const id = `user-${rows.size + 1}`;
        rows.set(id, { id, email, passwordHash, active: true, needsBreachRecheck: false, hasSecondFactor: false, profile });
        return id;
      }),
    replacePasswordHash: ({ accountId, previousHash, passwordHash }) =>
      on('replacePasswordHash', () => {
        const row = rows.get(accountId);
        if (row === undefined || row.passwordHash !== previousHash) return false;
        rows.set(accountId, { ...row, passwordHash });
        return true;
      }),
    setBreachRecheck: ({ accountId, needed }) =>
      on('setBreachRecheck', () => {
        const row = rows.get(accountId);
        if (row !== undefined) rows.set(accountId, { ...row, needsBreachRecheck: needed });
      }),
    setSecondFactor: ({ accountId, enrolled }) =>
      on('setSecondFactor', () => {
        const row = rows.get(accountId);
        if (row !== undefined) rows.set(accountId, { ...row, hasSecondFactor: enrolled });
      }),
    replaceEmail: ({ accountId, previousEmail, email }) =>
      on('replaceEmail', () => {
        const row = rows.get(accountId);
        if (row?.email !== previousEmail || byEmail(email) !== undefined) return false;
        rows.set(accountId, { ...row, email });
        return true;
      }),
  };
  return table;
}
