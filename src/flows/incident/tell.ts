import { withDeadline, wait } from '../../kernel/deadline.ts';
import { StoreError } from '../../kernel/errors.ts';
import { accountRecordKey, updateJson } from '../../kernel/json-record.ts';
import type { StoredAccount } from '../../ports/accounts.ts';
import type { Mail } from '../../ports/mailer.ts';
import { noticeAddresses } from '../notices.ts';
import type { Affected } from './affected-list.ts';
import { numberOf, type StepData } from './record.ts';
import { throughList } from './steps.ts';
import { forEachOf } from '../../kernel/for-each.ts';
import { inTime, throughTable, type Work } from './work.ts';

/** Accounts, each told at all of its addresses. `told`: handed to the mailer. `failed`: the mailer refused one; asked again by the next `contain`. `maybe`: nobody knows, and it is not sent again. `gone`: no such account, or none that is to be told. */
export interface NoticeCounts {
  readonly told: number;
  readonly failed: number;
  readonly maybe: number;
  readonly gone: number;
}

type Fate = keyof NoticeCounts | 'passed-over';

/** Who has been told what. Who has had the general notice may still be told that they are affected. */
interface ToldRecord {
  readonly affected?: 'claimed' | 'told' | 'failed';
  readonly everyone?: 'claimed' | 'told' | 'failed';
}

type Audience = keyof ToldRecord;

const atOnce = 8;
const mailDeadlineMs = 30_000;
/** So many in a row say that the mailer is down, or what counts mails. */
const mostFailedInARow = 20;

/** Lets so many through each second, one after the other. */
function createPace({ parts: { clock, mailsPerSecond } }: Work): () => Promise<void> {
  let freeAtMs = -Infinity;
  return async function turn() {
    const nowMs = clock.monotonicMs();
    const mineMs = Math.max(nowMs, freeAtMs);
    freeAtMs = mineMs + 1_000 / mailsPerSecond;
    if (mineMs > nowMs) await wait(clock, mineMs - nowMs);
  };
}

type Told = 'told' | 'failed' | 'maybe';

/** Sends each mail once: it is claimed before it is sent and marked after. What was claimed and not marked may have been sent. */
function createTeller(work: Work, audience: Audience): (account: StoredAccount, mailTo: (to: string) => Mail) => Promise<Fate> {
  const { parts, plan } = work;
  const { records, mailer, clock, keepForMs, takeOverAfterMs } = parts;
  const { id } = work.record();
  const pace = createPace(work);
  let failedInARow = 0;

  function note(key: string, next: (state: ToldRecord[Audience]) => ToldRecord[Audience]): Promise<ToldRecord[Audience]> {
    return updateJson<ToldRecord, ToldRecord[Audience]>(records, key, (previous) => {
      const before = previous?.[audience];
      const state = next(before);
      return state === undefined ? { value: undefined, answer: before } : { value: { ...previous, [audience]: state }, answer: before, expiresAtMs: clock.nowMs() + keepForMs };
    });
  }

  async function send(mail: Mail): Promise<Told> {
    const late = new StoreError(`incident.mailer: no answer within ${mailDeadlineMs} ms`);
    try {
      await withDeadline(Promise.resolve(mailer.send(mail)), { clock, deadlineMs: mailDeadlineMs, onLate: () => late });
      return 'told';
    } catch (error) {
      parts.reportError(error);
      return error === late ? 'maybe' : 'failed';
    }
  }

  async function tellAt(key: string, mail: Mail): Promise<Told> {
    plan.signal?.throwIfAborted();
    if (failedInARow >= mostFailedInARow) throw new StoreError('incident.mailer: expected mails to be taken, got none');
    const look = (): Promise<ToldRecord[Audience]> => note(key, () => undefined);
    let known = await look();
    if (isFree(known)) {
      await pace();
      known = await note(key, (state) => (isFree(state) ? 'claimed' : undefined));
    }
    // Another call may be at it this very moment.
    if (known === 'claimed') {
      await wait(clock, takeOverAfterMs);
      known = await look();
    }
    if (known === 'told') return 'told';
    // Claimed, or a record that nobody understands.
    if (!isFree(known)) return 'maybe';
    const fate = await send(mail);
    failedInARow = fate === 'told' ? 0 : failedInARow + 1;
    if (fate !== 'maybe') await note(key, () => fate);
    return fate;
  }

  // Each address by itself: one that is refused is asked again without the others.
  return async function tell(account, mailTo) {
    const fates: Told[] = [];
    for (const to of addressesOf(account)) {
      const key = to === account.email ? accountRecordKey('incident-told', `${id} ${account.id}`) : accountRecordKey('incident-told-at', JSON.stringify([id, account.id, to]));
      fates.push(await tellAt(key, mailTo(to)));
    }
    if (fates.includes('failed')) return 'failed';
    return fates.includes('maybe') ? 'maybe' : 'told';
  };
}

/** Where notices go. A table without a type checker may hold anything there. */
function addressesOf(account: StoredAccount): readonly string[] {
  const { noticeEmails } = account;
  return noticeAddresses(Array.isArray(noticeEmails) ? account : { ...account, noticeEmails: [] }).filter((to: unknown) => typeof to === 'string' && to !== '');
}

function isFree(state: ToldRecord[Audience]): boolean {
  return state === undefined || state === 'failed';
}

function counted(data: StepData, fates: readonly Fate[]): StepData {
  const sum = (fate: keyof NoticeCounts): number => numberOf(data, fate) + fates.filter((each) => each === fate).length;
  return { told: sum('told'), failed: sum('failed'), maybe: sum('maybe'), gone: sum('gone'), accounts: numberOf(data, 'accounts') + fates.length };
}

export function noticeCounts(data: StepData | undefined): NoticeCounts {
  return { told: numberOf(data, 'told'), failed: numberOf(data, 'failed'), maybe: numberOf(data, 'maybe'), gone: numberOf(data, 'gone') };
}

/**
 * Renews the budgets of mails of those who are told to choose another password. A mail that says so is worth more than the budget: one
 * that cannot be renewed keeps nobody from being told, and comes back by itself within an hour.
 */
function createRenewal({ parts, list }: Work): (account: StoredAccount) => Promise<void> {
  const { renewMails } = parts;
  let failedInARow = 0;
  return async function renew(account) {
    if (renewMails === undefined || failedInARow >= mostFailedInARow) return;
    try {
      await list.once(account.id, 'renewed', () => inTime(parts, 'renewMails', renewMails(account)));
      failedInARow = 0;
    } catch (error) {
      failedInARow += 1;
      parts.reportError(error);
    }
  };
}

/** Tells the affected what happened, whether or not they may still sign in. */
export async function tellAffected(work: Work): Promise<StepData> {
  const { parts, plan, list } = work;
  const { reason } = work.record();
  const tell = createTeller(work, 'affected');
  const renew = createRenewal(work);

  async function fateOf({ accountId, atMs }: Affected): Promise<Fate> {
    const account = await inTime(parts, 'accounts.findById', parts.accounts.findById(accountId));
    if (account === undefined || addressesOf(account).length === 0) return 'gone';
    await renew(account);
    return tell(account, (to) => ({ kind: 'incident-affected', to, reason, mustReset: plan.reset !== false, ...(atMs !== undefined && { signedInAtMs: atMs }), forgotLink: parts.links.forgot }));
  }

  await throughList(work, 'tell-affected', async (at) => {
    const seen = work.data('tell-affected');
    return counted(seen, await fatesOf(await list.read(at), fateOf));
  });
  return {};
}

/** Asks everybody else for a second factor. */
export async function tellOthers(work: Work): Promise<StepData> {
  const { parts, list } = work;
  const { reason } = work.record();
  const tell = createTeller(work, 'everyone');

  async function fateOf(account: StoredAccount): Promise<Fate> {
    if (!account.active || addressesOf(account).length === 0) return 'gone';
    if (await list.has(account.id)) return 'passed-over';
    return tell(account, (to) => ({ kind: 'incident-notice', to, reason, hasSecondFactor: account.hasSecondFactor, signInLink: parts.links.signIn, forgotLink: parts.links.forgot }));
  }

  await throughTable(work, 'tell-others', async (accounts, seen) => ({ data: counted(seen, await fatesOf(accounts, fateOf)) }));
  return {};
}

async function fatesOf<T>(items: readonly T[], fateOf: (item: T) => Promise<Fate>): Promise<readonly Fate[]> {
  const fates: Fate[] = [];
  await forEachOf(items, atOnce, async (item) => {
    fates.push(await fateOf(item));
  });
  return fates;
}
