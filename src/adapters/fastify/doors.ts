import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SignInResult } from '../../flows/admit.ts';
import type { Portcullis } from '../../portcullis.ts';
import { finishSignIn } from '../http/answers.ts';
import { readDoorsOptions, type DoorsOptions } from '../http/doors-options.ts';
import { createDoors, type Doors } from '../http/doors.ts';
import { createGuard, type GuardOptions } from '../http/guard.ts';
import { fastifyFramework as http } from './framework.ts';

/**
 * What the app does when a door has opened. Each hook may be asynchronous, and answers by `reply.send` or by what it returns; what it
 * throws goes to the app's error handler.
 */
export type FastifyDoorsOptions = DoorsOptions<FastifyRequest, FastifyReply, unknown>;

/** A route's handler. */
export type FastifyDoor = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** A hook of a route or of all routes: `onRequest` where it asks for no body, `preHandler` where it does. */
export type FastifyHook = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void;

/** One handler for each door, for POST. Fastify reads JSON; forms are read by @fastify/formbody. */
export interface FastifyDoors extends Doors<FastifyDoor> {
  /** For every route behind the sign-in, any method: stops a session that lacks what the policies or a sensitive action ask for. */
  readonly guard: (options?: GuardOptions) => FastifyHook;
  /** Answers a sign-in that `recordExternalAuth` has decided, in the app's own handler. */
  readonly finishSignIn: (request: FastifyRequest, reply: FastifyReply, result: SignInResult) => Promise<void>;
}

/**
 * Makes Fastify handlers out of the flows: facts in, reply out. A session gets a new id whenever it rises. Requests by other sites
 * are refused. Throws ERR_CONFIG.
 */
export function fastifyDoors(portcullis: Portcullis, options: FastifyDoorsOptions): FastifyDoors {
  const parts = { http, portcullis, options: readDoorsOptions<FastifyRequest, FastifyReply>(http.doors, options) };
  return Object.freeze({
    ...createDoors<FastifyRequest, FastifyReply, FastifyDoor>(parts, (work) => async (request, reply) => {
      await work(request, reply);
      // A hook of the app may answer later: this makes Fastify wait for it.
      return reply;
    }),
    guard: createGuard(parts),
    finishSignIn: (request, reply, result) => finishSignIn(parts, { req: request, res: reply }, result),
  } satisfies FastifyDoors);
}
