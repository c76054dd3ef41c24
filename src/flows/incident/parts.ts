import type { AuditEntry } from '../../audit/index.ts';
import type { Devices } from '../../device/index.ts';
import type { SessionEpochs } from '../../epochs/index.ts';
import type { MfaPolicies } from '../../mfa/index.ts';
import type { Accounts, StoredAccount } from '../../ports/accounts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Emit } from '../../ports/events.ts';
import type { ExposureSource } from '../../ports/exposure-source.ts';
import type { Mailer } from '../../ports/mailer.ts';
import type { RandomSource } from '../../ports/random.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import type { ReadOnlyMode } from '../../read-only/index.ts';
import type { ForcedResets } from '../../resets/index.ts';
import type { Links } from '../links.ts';
import type { AccountPages } from './walk.ts';

/** Who signed in from these sources, from `fromMs` to `untilMs` (wall-clock ms, both included). */
export type SignInQuery = (query: { readonly sources: readonly string[]; readonly fromMs: number; readonly untilMs: number }) => AsyncIterable<{ readonly accountId: string; readonly atMs?: number }>;

/** Entries of the audit log, from `fromMs` to `untilMs`; of these accounts or events alone, where they are named. */
export type EntryQuery = (query: { readonly accountIds?: readonly string[]; readonly events?: readonly string[]; readonly fromMs: number; readonly untilMs: number }) => AsyncIterable<AuditEntry>;

/** What accounts did in the app itself, which the library knows nothing of: keys that were made, exports, campaigns. `what` is one line. */
export type ActivityQuery = (query: { readonly accountIds: readonly string[]; readonly fromMs: number; readonly untilMs: number }) => AsyncIterable<{ readonly accountId: string; readonly atMs: number; readonly kind: 'key' | 'export' | 'campaign' | 'other'; readonly what: string }>;

/** What the response to an incident is made of. Pieces are known by their types alone. */
export interface IncidentOptions {
  readonly records: RecordStore;
  readonly readOnly: Pick<ReadOnlyMode, 'set' | 'lift' | 'status'>;
  readonly epochs: Pick<SessionEpochs, 'revokeEveryone' | 'revokeOrganization' | 'revokeUser' | 'newest'>;
  readonly resets: Pick<ForcedResets, 'check' | 'markAll' | 'markBefore'>;
  readonly mfa: Pick<MfaPolicies, 'read' | 'require'>;
  readonly mailer: Mailer;
  readonly links: Pick<Links, 'signIn' | 'forgot'>;
  readonly accounts: Pick<Accounts, 'findById'>;
  /** Makes the known browsers of the affected strangers. */
  readonly devices?: Pick<Devices, 'revokeAll'> | undefined;
  /** Ends the open link to a new password of an account. */
  readonly endResets?: ((accountId: string) => Promise<void>) | undefined;
  /** Renews the budgets of mails with links to a new password of an account: attackers who knew that it exists may have used them up. */
  readonly renewMails?: ((account: StoredAccount) => Promise<void>) | undefined;
  /** Everybody. Needed to tell everybody, and for `breached` and `exposed`. */
  readonly pages?: AccountPages | undefined;
  readonly signIns?: SignInQuery | undefined;
  readonly entries?: EntryQuery | undefined;
  readonly activity?: ActivityQuery | undefined;
  readonly exposure?: ExposureSource | undefined;
  /** Notices that are sent at most, each second. Default 50; 1 to 1,000. */
  readonly mailsPerSecond?: number | undefined;
  /** How long the list of the affected and who has been told are kept, ms. Default 400 days; 7 days to 10 years. */
  readonly keepForMs?: number | undefined;
  /** How long a step that another process is at is left to it, while nothing of it moves, ms. Default 3,000; 0 to 60,000. */
  readonly takeOverAfterMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: RandomSource | undefined;
  readonly emit?: Emit | undefined;
  /** Where an error that stops a step goes whole. */
  readonly reportError?: ((error: unknown) => void) | undefined;
}

/** The options as they were read. */
export type IncidentParts = { readonly [K in keyof IncidentOptions]-?: Exclude<IncidentOptions[K], undefined> | (K extends 'devices' | 'endResets' | 'renewMails' | 'pages' | 'signIns' | 'entries' | 'activity' | 'exposure' ? undefined : never) };
