import type { Clock, Portcullis } from 'portcullis';
import type { Alarm } from 'portcullis/detect';
import type { Limiter } from 'portcullis/limiter';
import type { ContainmentRuns } from './containments.ts';
import type { Data } from './data/data.ts';
import type { User } from './data/users.ts';
import type { Viewers } from './live/viewers.ts';
import type { MailFolder } from './mail-folder.ts';
import type { Member } from './members.ts';
import type { Sessions } from './sessions.ts';
import type { Html } from './views/html.ts';
import type { TeamExtras } from './views/team.ts';
import type { Page } from './visit.ts';

/** What the pages tell people about passwords. The server decides; this only saves them a round trip. */
export interface PasswordAdvice {
  readonly minLength: number;
  readonly sentence: string;
}

/**
 * The ways in that both modes have, and what they read: the unprotected mode has a page of its own for each, the protected one a
 * door of portcullis.
 *
 * - `signUp` {email, password, name, team, invitation?}
 * - `confirm` {token} or {email, code}; `resend` {email}
 * - `signIn` {email, password}; `signOut`
 * - `forgot` {email}; `reset` {token, password} or {email, code, password}
 * - `changePassword` {currentPassword, newPassword}
 */
export type DoorName = 'signUp' | 'confirm' | 'resend' | 'signIn' | 'signOut' | 'forgot' | 'reset' | 'changePassword';

interface AuthParts {
  readonly passwordAdvice: PasswordAdvice;
  /** Whether the sign-up page asks `emailAvailable` once somebody has typed an address. */
  readonly tellsAvailability: boolean;
  /** What the pages of the account and the team have beside what both modes have. */
  readonly ownCards: { readonly account: (user: Member) => Html | undefined; readonly team: (user: Member, members: readonly User[]) => Promise<TeamExtras | undefined> };
  /** POST /team/invite {email}, for members */
  readonly invite: Page;
  /** GET /api/email-available?email= */
  readonly emailAvailable: Page;

  /** Hashes a password of the seed. `fast`: as cheaply as this mode allows, for many users at once. */
  hashForSeed(password: string, fast: boolean): Promise<string>;
  /** Ends the answers that have no end of their own, before the last request. */
  endStreams?(): void;
  /** Ends what runs in the background, after the last request. */
  close(): Promise<void>;
}

export interface UnprotectedAuth extends AuthParts {
  readonly mode: 'unprotected';
  readonly doors: Readonly<Record<DoorName, Page>>;
}

export interface ProtectedAuth extends AuthParts {
  readonly mode: 'protected';
  readonly portcullis: Portcullis;
  /** By address, for every route but files: to be asked before any body is read. */
  readonly network: Limiter<'address'>;
  readonly runs: ContainmentRuns;
  /** Those who watch the live page. */
  readonly live: Viewers;
}

/** Everything in which the protected and the unprotected app differ. The pages and the data are the same. */
export type Auth = UnprotectedAuth | ProtectedAuth;

/** What an `Auth` is made of. */
export interface AuthContext {
  readonly data: Data;
  readonly mails: MailFolder;
  readonly sessions: Sessions;
  /** Where people reach the app, without a slash at the end. Links in mails begin with it, never with a `Host` header. */
  readonly baseUrl: string;
  /** The breach service to ask, where it is not the public one. */
  readonly breachUrl: string | undefined;
  /** Where time is not the system's. */
  readonly clock: Clock | undefined;
  /** Told of each attack as it begins. */
  readonly onAlarm?: ((alarm: Alarm) => void) | undefined;
}
