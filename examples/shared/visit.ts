import type { IncomingHttpHeaders } from 'node:http';
import type { RequestFacts } from 'portcullis';
import type { Answer } from './answers.ts';
import type { Member } from './members.ts';
import type { SessionContent } from './sessions.ts';

/** One request, as the pages see it, whichever framework has brought it. */
export interface Visit {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Of the client, as the framework gives it. */
  readonly address: string | undefined;
  readonly query: unknown;
  readonly params: unknown;
  /** The form or JSON, once it has been read. */
  readonly body: unknown;
  /** What the library wants to know of a request. */
  readonly facts: RequestFacts;
  /** What its session holds: nothing for a stranger, and after a sign-out. */
  readonly session: SessionContent;
  readonly sessionId: string | undefined;
  keepInSession(content: SessionContent): void;
  endSession(): Promise<void>;
  /** The signed-in user, once a gate has let them through. */
  member?: Member;
}

/** Answers one request. Whoever sends it has come through the gates of its route. */
export type Page = (visit: Visit) => Answer | Promise<Answer>;

/** Stands before pages: answers in their place, or with undefined lets the request through. */
export type Gate = (visit: Visit) => Answer | undefined;
