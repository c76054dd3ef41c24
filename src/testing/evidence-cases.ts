import { deepEqual, equal, ok } from 'node:assert/strict';
import { sha256 } from '../kernel/compare.ts';
import { rememberedGuesses } from '../kernel/evidence.ts';
import type { EvidenceAttempt, EvidenceNews, EvidenceOutcome, EvidenceStanding, EvidenceStore, EvidenceTag } from '../ports/evidence-store.ts';
import type { StoreCase } from './contract.ts';

export type EvidenceCase = StoreCase<EvidenceStore>;

/** What a key ring would make of it. */
export function tag(text: string): EvidenceTag {
  return sha256(Buffer.from(text)).subarray(0, 16).toString('base64url');
}

export interface Tried extends Partial<Pick<EvidenceAttempt, 'exists' | 'weight'>> {
  readonly source?: string;
  readonly account?: string;
  readonly password?: string;
}

/** An attempt by texts; of one account from no network and without a password where nothing else is said. */
export function attempt({ source, account = 'alice', password, exists = true, weight = 1 }: Tried): EvidenceAttempt {
  return { account: tag(`account ${account}`), exists, weight, ...(source !== undefined && { source: tag(`source ${source}`) }), ...(password !== undefined && { password: tag(`password ${password}`) }) };
}

/** Reserves and settles. */
export async function make(store: EvidenceStore, tried: Tried, as: Exclude<EvidenceOutcome['as'], 'known'>): Promise<{ readonly standing: EvidenceStanding; readonly news: EvidenceNews }> {
  const given = attempt(tried);
  const standing = await store.reserve(given);
  return { standing, news: await store.settle({ as, attempt: given, charged: standing.charged }) };
}

/** What is known, by an attempt that counts nothing. */
export async function known(store: EvidenceStore, tried: Tried): Promise<EvidenceStanding> {
  return store.reserve(attempt({ ...tried, weight: 0, exists: false }));
}

/** Scores fall a little while a case runs. */
export function about(actual: number, expected: number): void {
  ok(actual <= expected + 1e-9 && actual >= expected * 0.99 - 1e-9, `expected about ${expected}, got ${actual}`);
}

export const evidenceChargeCases: readonly EvidenceCase[] = [
  {
    name: 'counts an attempt when it is reserved, and answers what was known before it',
    async try({ store }) {
      const tried = { source: 'a', password: 'one', weight: 3 };
      const first = await store.reserve(attempt(tried));
      deepEqual(first, { source: 0, sharedSource: false, account: 0, password: 0, surge: false, charged: { source: 3, account: 1 } });
      const second = await store.reserve(attempt(tried));
      about(second.source, 3);
      about(second.account, 1);
    },
  },
  {
    name: 'charges no account where there is none, nor where no password is tried',
    async try({ store }) {
      equal((await store.reserve(attempt({ source: 'a', password: 'one', exists: false }))).charged.account, 0);
      equal((await store.reserve(attempt({ source: 'a' }))).charged.account, 0);
      const standing = await known(store, { source: 'a' });
      equal(standing.account, 0);
      about(standing.source, 2);
    },
  },
  {
    name: 'knows no score of an attempt without a network',
    async try({ store }) {
      await make(store, { password: 'one', weight: 7 }, 'failed');
      const { source, account, sharedSource } = await known(store, {});
      deepEqual([source, sharedSource], [0, false]);
      about(account, 1);
    },
  },
  {
    name: 'keeps networks, and accounts, apart',
    async try({ store }) {
      const names = Array.from({ length: 40 }, (_, each) => String(each));
      for (const [each, name] of names.entries()) await store.reserve(attempt({ source: name, account: name, password: 'one', weight: each + 1 }));
      for (const [each, name] of names.entries()) {
        const standing = await known(store, { source: name, account: name });
        about(standing.source, each + 1);
        about(standing.account, 1);
      }
    },
  },
  {
    name: 'gives back what was charged to somebody who came in, or to what was no evidence',
    async try({ store }) {
      await make(store, { source: 'a', password: 'one', weight: 4 }, 'failed');
      for (const as of ['entered', 'refunded'] as const) await make(store, { source: 'a', password: as, weight: 2 }, as);
      const { source, account } = await known(store, { source: 'a' });
      about(source, 4);
      about(account, 1);
    },
  },
  {
    name: 'gives back a part of what was charged, where the rest has faded by then',
    async try({ store }) {
      const given = attempt({ source: 'a', password: 'one', weight: 4 });
      await store.reserve(given);
      await store.settle({ as: 'entered', attempt: given, charged: { source: 1.5, account: 1e-7 } });
      const { source, account } = await known(store, { source: 'a' });
      about(source, 2.5);
      about(account, 1);
    },
  },
  {
    name: 'keeps what was charged to an attempt that was held',
    async try({ store }) {
      await make(store, { source: 'a', password: 'one', weight: 4 }, 'held');
      const { source, account } = await known(store, { source: 'a' });
      about(source, 4);
      about(account, 1);
    },
  },
  {
    name: 'gives back no more than there is, and nothing to whom it does not know',
    async try({ store }) {
      const given = attempt({ source: 'a', password: 'one' });
      await store.settle({ as: 'entered', attempt: given, charged: { source: 50, account: 50 } });
      const { charged } = await store.reserve(given);
      for (let each = 0; each < 3; each += 1) await store.settle({ as: 'entered', attempt: given, charged });
      const { source, account } = await known(store, { source: 'a' });
      deepEqual([source, account], [0, 0]);
      await store.reserve(given);
      about((await known(store, { source: 'a' })).source, 1);
    },
  },
  {
    name: 'lets no score grow when the clock is set back',
    async try(subject) {
      await subject.store.reserve(attempt({ source: 'a', password: 'one', weight: 6 }));
      await subject.setClockBack(3_600_000);
      const { source, account } = await known(subject.store, { source: 'a' });
      about(source, 6);
      about(account, 1);
    },
  },
  {
    name: 'says that a network is shared once a known browser has come in from it',
    async try({ store }) {
      equal((await store.reserve(attempt({ source: 'a' }))).sharedSource, false);
      await store.settle({ as: 'known', source: tag('source a') });
      equal((await known(store, { source: 'a' })).sharedSource, true);
      equal((await known(store, { source: 'b' })).sharedSource, false);
    },
  },
];

export const evidencePasswordCases: readonly EvidenceCase[] = [
  {
    name: 'charges an account nothing for a wrong password that comes again, and the network as for every other',
    async try({ store }) {
      const tried = { source: 'a', password: 'one', weight: 2 };
      await make(store, tried, 'failed');
      const again = await make(store, tried, 'failed');
      deepEqual(again.standing.charged, { source: 2, account: 0 });
      const { source, account } = await known(store, { source: 'a' });
      about(source, 4);
      about(account, 1);
      deepEqual((await store.reserve(attempt({ ...tried, account: 'bob' }))).charged, { source: 2, account: 1 });
    },
  },
  {
    name: 'charges for it again where it was not settled as wrong, or there is no account',
    async try({ store }) {
      for (const as of ['held', 'entered', 'refunded'] as const) await make(store, { password: 'one' }, as);
      equal((await store.reserve(attempt({ password: 'one' }))).charged.account, 1);
      for (let each = 0; each < 2; each += 1) equal((await make(store, { source: 'a', account: 'nobody', password: 'one', exists: false }, 'failed')).standing.charged.source, 1);
    },
  },
  {
    name: `remembers the last ${rememberedGuesses} wrong passwords of an account`,
    async try({ store }) {
      for (let each = 0; each <= rememberedGuesses; each += 1) await make(store, { password: String(each) }, 'failed');
      for (let each = 1; each <= rememberedGuesses; each += 1) equal((await store.reserve(attempt({ password: String(each) }))).charged.account, 0, `password ${each} is not remembered`);
      equal((await store.reserve(attempt({ password: '0' }))).charged.account, 1);
    },
  },
  {
    name: 'counts the names at which a password fails, each once',
    async try({ store }) {
      for (let each = 0; each < 4; each += 1) for (let time = 0; time < 3; time += 1) await make(store, { account: String(each), password: 'spring' }, 'failed');
      equal((await known(store, { password: 'spring' })).password, 4);
      equal((await known(store, { password: 'summer' })).password, 0);
      equal((await known(store, {})).password, 0);
      for (const as of ['held', 'entered', 'refunded'] as const) await make(store, { account: as, password: 'spring' }, as);
      equal((await known(store, { password: 'spring' })).password, 4);
    },
  },
];
