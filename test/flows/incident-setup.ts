import { onTestFinished } from 'vitest';
import { memoryStore, type Clock, type Mail, type RecordStore, type SecurityEvent, type StoredAccount } from 'portcullis';
import type { AuditEntry } from 'portcullis/audit';
import { createSessionEpochs } from 'portcullis/epochs';
import { createMfaPolicy } from 'portcullis/mfa';
import { createReadOnlyMode } from 'portcullis/read-only';
import { createForcedResets } from 'portcullis/resets';
import { fakeClock, type FakeClock } from 'portcullis/testing';
import { createIncidentResponse } from '../../src/flows/incident/incident.ts';
import type { IncidentOptions } from '../../src/flows/incident/parts.ts';
import type { ContainPlan } from '../../src/flows/incident/plan.ts';
import { freshPath, openStore } from '../stores/sqlite-support.ts';
import type { StoreName } from '../support/record-stores.ts';

export { stores } from '../support/record-stores.ts';

/** A clock that does not keep anybody waiting for pauses. Deadlines and polls stand until `advance` is called. */
export function quickClock(): FakeClock {
  const clock = fakeClock();
  let movedMs = 0;
  return {
    ...clock,
    nowMs: () => clock.nowMs() + movedMs,
    monotonicMs: () => clock.monotonicMs() + movedMs,
    after(delayMs, run, idle) {
      if (idle === true || delayMs >= 5_000) return clock.after(delayMs, run);
      const timer = setImmediate(() => {
        movedMs += delayMs;
        run();
      });
      return () => {
        clearImmediate(timer);
      };
    },
    setWallMs(toMs) {
      clock.setWallMs(toMs - movedMs);
    },
  };
}

export function freshStore(on: StoreName, clock: Clock): RecordStore {
  return on === 'memoryStore' ? memoryStore({ clock, maxRecords: 1_000_000 }) : openStore(freshPath(), { clock });
}

export interface World {
  readonly clock: FakeClock;
  readonly store: RecordStore;
  readonly accounts: Map<string, StoredAccount>;
  readonly mails: Mail[];
  readonly events: SecurityEvent[];
  readonly signIns: { readonly accountId: string; readonly atMs: number; readonly source: string }[];
  readonly entries: AuditEntry[];
  readonly errors: unknown[];
}

export function account(id: string, more: Partial<StoredAccount> = {}): StoredAccount {
  return { id, email: `${id}@example.com`, passwordHash: 'x', active: true, needsBreachRecheck: false, hasSecondFactor: false, ...more };
}

/** An app with accounts `a0`, `a1`, ... and nothing else. */
export function world({ on = 'memoryStore', count = 10, clock = quickClock() }: { readonly on?: StoreName; readonly count?: number; readonly clock?: FakeClock } = {}): World {
  const ids = Array.from({ length: count }, (_, at) => `a${at}`);
  return { clock, store: freshStore(on, clock), accounts: new Map(ids.map((id) => [id, account(id)])), mails: [], events: [], signIns: [], entries: [], errors: [] };
}

export function entry(accountId: string, event: AuditEntry['event'], atMs: number, details: AuditEntry['details'] = {}): AuditEntry {
  return { time: new Date(atMs).toISOString(), id: `log-${atMs}`, event, owasp: 'authz_change', level: 'info', outcome: 'success', account: accountId, details };
}

/** One process of the app: pieces of its own on the store that all share. */
export function processOf(at: World, { records = at.store, ...more }: Partial<IncidentOptions> = {}) {
  const { clock } = at;
  const emit = (event: SecurityEvent): void => void at.events.push(event);
  const readOnly = createReadOnlyMode({ records, clock, emit });
  const epochs = createSessionEpochs({ records, clock, emit });
  const resets = createForcedResets({ records, clock, emit });
  const mfa = createMfaPolicy({ records, clock, emit });
  onTestFinished(() => {
    readOnly.close();
    epochs.close();
  });
  const incident = createIncidentResponse({
    records, readOnly, epochs, resets, mfa, clock, emit,
    mailer: { send: async (mail) => void at.mails.push(mail) },
    links: { signIn: 'https://app.example.com/login', forgot: 'https://app.example.com/forgot' },
    accounts: { findById: async (id) => at.accounts.get(id) },
    pages: pagesOf(at),
    async *signIns({ sources, fromMs, untilMs }) {
      for (const each of at.signIns) if (sources.includes(each.source) && each.atMs >= fromMs && each.atMs <= untilMs) yield await Promise.resolve(each);
    },
    async *entries({ accountIds, events, fromMs, untilMs }) {
      for (const each of at.entries) {
        const atMs = Date.parse(each.time);
        if (atMs >= fromMs && atMs <= untilMs && accountIds?.includes(each.account ?? '') !== false && events?.includes(each.event) !== false) yield await Promise.resolve(each);
      }
    },
    reportError: (error) => at.errors.push(error),
    mailsPerSecond: 1_000,
    takeOverAfterMs: 100,
    ...more,
  });
  return { incident, readOnly, epochs, resets, mfa };
}

/** The table, three accounts a page. */
export function pagesOf({ accounts }: Pick<World, 'accounts'>, size = 3): NonNullable<IncidentOptions['pages']> {
  return async (cursor) => {
    const all = [...accounts.values()];
    const from = cursor === undefined ? 0 : Number(cursor);
    return { accounts: all.slice(from, from + size), next: from + size < all.length ? String(from + size) : undefined };
  };
}

export const attacker = '203.0.113.66';

/** The plan of most tests: `a0` listed, `a1` and `a2` entered from the attacker's address. */
export function attack(at: World, more: Partial<ContainPlan> = {}): ContainPlan {
  const nowMs = at.clock.nowMs();
  at.signIns.push({ accountId: 'a1', atMs: nowMs - 7_200_000, source: attacker }, { accountId: 'a2', atMs: nowMs - 3_600_000, source: attacker }, { accountId: 'a3', atMs: nowMs - 3_600_000, source: '192.0.2.1' });
  return {
    id: 'october', by: 'operator-1', reason: 'Attackers tried passwords from leaks',
    affected: { sources: [attacker], fromMs: nowMs - 86_400_000, untilMs: nowMs, accountIds: ['a0'] },
    secondFactor: { scope: { kind: 'app' }, graceMs: 0 },
    ...more,
  };
}
