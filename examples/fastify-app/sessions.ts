import { randomBytes } from 'node:crypto';
import cookie from '@fastify/cookie';
import session, { type FastifySessionOptions } from '@fastify/session';
import type { FastifyInstance } from 'fastify';
import { sessionCookie, type SessionContent, type Sessions } from '../shared/sessions.ts';

declare module 'fastify' {
  interface Session {
    larkpost?: SessionContent;
  }
}

/** Puts the session of its cookie on each request of the scope. */
export function addSessions(site: FastifyInstance, { store }: Sessions): void {
  const { name, options } = sessionCookie;
  // It hands back what it was given, as text between the two.
  const asGiven = store as NonNullable<FastifySessionOptions['store']>;
  site.register(cookie);
  // `rolling` would write a session at the end of each request, and bring back one that was ended meanwhile.
  site.register(session, { store: asGiven, cookieName: name, secret: randomBytes(32).toString('hex'), saveUninitialized: false, rolling: false, cookie: { ...options } });
}
