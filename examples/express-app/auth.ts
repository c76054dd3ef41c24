import type { ErrorRequestHandler, RequestHandler, Router } from 'express';
import type { Clock, Portcullis } from 'portcullis';
import type { Data } from './data/data.ts';
import type { User } from './data/users.ts';
import type { MailFolder } from './mail-folder.ts';
import type { Member } from './members.ts';
import type { Sessions } from './sessions.ts';
import type { Html } from './views/html.ts';
import type { TeamExtras } from './views/team.ts';

/** What the pages tell people about passwords. The server decides; this only saves them a round trip. */
export interface PasswordAdvice {
  readonly minLength: number;
  readonly sentence: string;
}

/**
 * Everything in which the protected and the unprotected app differ. Each door is the handler of one route; the routes
 * table, the pages and the data are the same. `changePassword`, `signOut` and `invite` run for signed-in users only.
 */
export interface Auth {
  readonly mode: 'protected' | 'unprotected';
  /** What the protected mode is made with. */
  readonly portcullis?: Portcullis;
  readonly passwordAdvice: PasswordAdvice;
  /** Whether the sign-up page asks `emailAvailable` once somebody has typed an address. */
  readonly tellsAvailability: boolean;
  /** Run before sessions and before any body is read, in this order, on every dynamic route. */
  readonly guards: readonly RequestHandler[];
  /** Run behind the session and before every route. */
  readonly sessionGuards: readonly RequestHandler[];
  /** Run behind every route, before the app's own handler of what was thrown. */
  readonly failureHandlers: readonly ErrorRequestHandler[];
  /**
   * Run on every route of a signed-in user, after it is known who that is. With an `action` for what must not be done in a
   * session that somebody has left open: `export`, `send`.
   */
  readonly memberGuards: (action?: string) => readonly RequestHandler[];
  /** Routes that the other mode does not have. */
  readonly ownRoutes: readonly Router[];
  /** What the pages of the account and the team have beside what both modes have. */
  readonly ownCards: { readonly account: (user: Member) => Html | undefined; readonly team: (user: Member, members: readonly User[]) => Promise<TeamExtras | undefined> };

  /** POST /signup {email, password, name, team, invitation?} */
  readonly signUp: RequestHandler;
  /** POST /confirm {token} or {email, code} */
  readonly confirm: RequestHandler;
  /** POST /resend {email} */
  readonly resend: RequestHandler;
  /** POST /login {email, password}; sets `req.session.userId` */
  readonly signIn: RequestHandler;
  /** POST /logout */
  readonly signOut: RequestHandler;
  /** POST /forgot {email} */
  readonly forgot: RequestHandler;
  /** POST /reset {token, password} or {email, code, password} */
  readonly reset: RequestHandler;
  /** POST /account/password {currentPassword, newPassword} */
  readonly changePassword: RequestHandler;
  /** POST /team/invite {email} */
  readonly invite: RequestHandler;
  /** GET /api/email-available?email= */
  readonly emailAvailable: RequestHandler;

  /** Hashes a password of the seed. `fast`: as cheaply as this mode allows, for many users at once. */
  hashForSeed(password: string, fast: boolean): Promise<string>;
  /** Ends what runs in the background, after the last request. */
  close(): Promise<void>;
}

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
}

/** What `protected-auth.ts` and `unprotected-auth.ts` export as `createAuth`. */
export type CreateAuth = (context: AuthContext) => Promise<Auth>;
