import type { Reply } from '../ports/reply.ts';

/** A JSON answer with more members (RFC 9457 section 3.2), for programs. A page stays as it is: the app asks its own. */
export function withFields(reply: Reply, fields: Readonly<Record<string, unknown>>): Reply {
  if (reply.headers['Content-Type']?.includes('json') !== true) return reply;
  return { ...reply, body: JSON.stringify({ ...(JSON.parse(reply.body) as object), ...fields }) };
}
