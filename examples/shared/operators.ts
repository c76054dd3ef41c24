import type { Portcullis } from 'portcullis';
import type { Answer } from './answers.ts';
import { notFound } from './answers.ts';
import type { Users } from './data/users.ts';
import { memberOf, membersOnly } from './members.ts';
import type { Gate, Visit } from './visit.ts';

const minuteMs = 60_000;

/**
 * How old the proofs of an operator may be. A form that was fetched in time can be sent in time: nobody who types loses it. Whoever watches an
 * attack is asked again after an hour.
 */
export const operatorFreshness = {
  reading: { action: 'operator', maxAgeMs: 10 * minuteMs },
  acting: { action: 'operator', maxAgeMs: 30 * minuteMs },
  watching: { action: 'operator', maxAgeMs: 60 * minuteMs },
} as const;

/** Lets operators through. For every other member there are no such pages. */
export function operatorsOnly(users: Users): Gate {
  const members = membersOnly(users, '/operator/login');
  return (visit) => members(visit) ?? (memberOf(visit).isOperator ? undefined : notFound());
}

/** Stops what a page of another site makes an operator's browser send. The session cookie is `SameSite`; this is the second lock. */
export function sameSiteOnly({ uniform, emit, origin }: Portcullis): Gate {
  return (visit): Answer | undefined => {
    if (isSameSite(visit, origin)) return undefined;
    emit({ type: 'request.cross-site', route: 'operator', ...(visit.address !== undefined && { address: visit.address }) });
    return { reply: uniform.reply('cross-site', visit.facts.accepts) };
  };
}

function isSameSite({ headers }: Visit, origin: string): boolean {
  const site = headers['sec-fetch-site'];
  return site === undefined ? headers.origin === undefined || headers.origin === origin : site === 'same-origin';
}
