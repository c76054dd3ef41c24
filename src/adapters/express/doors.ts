import type { Request, RequestHandler, Response } from 'express';
import type { SignInResult } from '../../flows/admit.ts';
import type { Portcullis } from '../../portcullis.ts';
import { finishSignIn } from '../http/answers.ts';
import { readDoorsOptions, type DoorsOptions } from '../http/doors-options.ts';
import { createDoors, type Doors } from '../http/doors.ts';
import { createGuard, type GuardOptions } from '../http/guard.ts';
import { expressFramework as http } from './framework.ts';

/** What the app does when a door has opened. Each hook may be asynchronous; what it throws goes to the app's error handler. */
export type ExpressDoorsOptions = DoorsOptions<Request, Response, void | Promise<void>>;

/** One handler for each door, for POST. The body must have been parsed (`express.urlencoded`, `express.json`). */
export interface ExpressDoors extends Doors<RequestHandler> {
  /** For every route behind the sign-in, any method: stops a session that lacks what the policies or a sensitive action ask for. */
  readonly guard: (options?: GuardOptions) => RequestHandler;
  /** Answers a sign-in that `recordExternalAuth` has decided, in the app's own handler. */
  readonly finishSignIn: (req: Request, res: Response, result: SignInResult) => Promise<void>;
}

/**
 * Makes Express handlers (4 and 5) out of the flows: facts in, reply out. A session gets a new id whenever it rises. Requests
 * by other sites are refused. Throws ERR_CONFIG.
 */
export function expressDoors(portcullis: Portcullis, options: ExpressDoorsOptions): ExpressDoors {
  const parts = { http, portcullis, options: readDoorsOptions<Request, Response>(http.doors, options) };
  return Object.freeze({
    ...createDoors<Request, Response, RequestHandler>(parts, (work) => (req, res, next) => {
      // Express 4 looks at no promise.
      work(req, res).catch(next);
    }),
    guard: createGuard(parts),
    finishSignIn: (req, res, result) => finishSignIn(parts, { req, res }, result),
  } satisfies ExpressDoors);
}
