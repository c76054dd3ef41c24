import type { IncomingHttpHeaders } from 'node:http';
import type { AddressFacts } from '../../limiter/index.ts';
import type { Reply } from '../../ports/reply.ts';
import type { Asked } from './route-table.ts';

/** What the requests of all frameworks have in common. */
export interface HttpRequest {
  readonly headers: IncomingHttpHeaders;
  readonly method: string;
  /** The client's address as the framework gives it: it believes the proxies that the app has named, and no others. */
  readonly ip?: string | undefined;
  readonly socket: { readonly destroyed: boolean };
  /** As a parser of the app has left it. */
  readonly body?: unknown;
}

/** Goes on with the request, or hands an error to the app. */
export type Next = (error?: Error) => void;

/** What a door does once the request may come through it. */
export type Work<Req, Res> = (req: Req, res: Res) => Promise<void>;

/** All that is different from framework to framework: facts in, reply out. It decides nothing. */
export interface Framework<Req extends HttpRequest, Res> {
  /** The function that makes the doors, for errors about its options: `expressDoors`. */
  readonly doors: string;
  /** How an app reads forms: the advice where none was read. */
  readonly parsers: string;
  readonly proxyTrustOf: (req: Req) => AddressFacts['proxyTrust'];
  /** All that the request is, or may become behind a guard. */
  readonly askedBy: (req: Req) => Asked;
  /** Whether nothing can be added to the answer any more. */
  readonly isAnswered: (res: Res) => boolean;
  readonly setHeader: (res: Res, name: string, value: string) => void;
  /** One more Set-Cookie, beside those of the app. */
  readonly addCookie: (res: Res, line: string) => void;
  /** Sets status and headers of an answer whose body the app writes. */
  readonly begin: (res: Res, head: Pick<Reply, 'status' | 'headers'>) => void;
  /** Writes a reply out unchanged. */
  readonly send: (res: Res, reply: Reply) => void;
  /** The same for a reply that is always alike: what can be done once is done once. */
  readonly prepared: (reply: Reply) => (res: Res) => void;
  /** Does what the framework does with a value that a handler returns. */
  readonly sendReturned: (res: Res, value: unknown) => void;
}

/** What a callback of the app has thrown, as something that is wrong: to a framework a thrown `undefined` is nothing wrong, and to Express the word `route` means to go on. */
export function failureOf(thrown: unknown): Error {
  return typeof thrown === 'object' && thrown !== null ? (thrown as Error) : new TypeError('something threw without an Error', { cause: thrown });
}

/** Waits for a hook of the app. Some answers are thenables that settle once the answer is out: one that a hook hands back by chance must not be waited for. */
export async function settled(res: unknown, returned: unknown): Promise<unknown> {
  return returned === res ? undefined : await returned;
}
