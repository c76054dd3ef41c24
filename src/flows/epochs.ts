import type { Browser, Recognition } from '../device/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { EpochMark, SessionFacts } from '../ports/session.ts';
import type { FlowParts } from './parts.ts';

/**
 * The mark that a new session, link or token will carry. Taken before the proof is looked at: whoever ends the sessions of an
 * account meanwhile ends that one too. For nobody, as many reads of records that are not there.
 */
export function markFor({ epochs }: Pick<FlowParts, 'epochs'>, account: StoredAccount | undefined, name = ''): Promise<EpochMark> {
  return epochs.mark({ accountId: account?.id ?? nobody(name), organizationIds: account?.organizationIds });
}

/** Whether what carries this mark still counts. */
export async function isCurrent({ epochs }: Pick<FlowParts, 'epochs'>, { id, organizationIds }: StoredAccount, mark: unknown): Promise<boolean> {
  return (await epochs.check({ accountId: id, organizationIds, mark })).live;
}

/**
 * Whether everybody's sessions were ended since the mark, or those of an organization. For what outlives the end of an account's
 * own sessions: a link to a new password, which must still work when the first try has failed half-way.
 */
export async function outlives(parts: Pick<FlowParts, 'epochs'>, account: StoredAccount, mark: EpochMark): Promise<boolean> {
  const { user } = await markFor(parts, account);
  return isCurrent(parts, account, { ...mark, user });
}

/** The session as it is to be kept, or undefined where it was ended. One from before the library gets its mark. */
export async function currentSession({ epochs }: Pick<FlowParts, 'epochs'>, { id, organizationIds }: StoredAccount, session: SessionFacts): Promise<SessionFacts | undefined> {
  const verdict = await epochs.check({ accountId: id, organizationIds, mark: session.epochs, startedAtMs: session.startedAtMs });
  if (!verdict.live) return undefined;
  return verdict.adopt === undefined ? session : { ...session, epochs: verdict.adopt };
}

/** The id of nobody: the same reads, of records that are not there. */
export function nobody(name: string): string {
  return `nobody ${name}`.slice(0, 64);
}

const stranger: Recognition = Object.freeze({ known: false });

/**
 * Whether the account knows a browser. What it knew before everybody's sessions were ended, or its organization's, it knows no more: by
 * the epochs that the browser became known under, and by the time for one from before they were kept.
 */
export async function recognize({ devices, epochs }: Pick<FlowParts, 'devices' | 'epochs'>, browser: Browser, account: StoredAccount | undefined): Promise<Recognition> {
  const newestMs = await epochs.newest(account?.organizationIds);
  if (account === undefined) return stranger;
  const recognition = await devices.recognize(browser, account.id, newestMs);
  if (!recognition.known || recognition.epochs === undefined) return recognition;
  return (await epochs.checkWider({ mark: recognition.epochs, organizationIds: account.organizationIds })) ? recognition : stranger;
}
