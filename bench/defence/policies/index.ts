import type { PolicyFactory } from '../policy.ts';
import { auth0 } from './auth0.ts';
import { axes, axesHour } from './axes.ts';
import { betterAuth } from './better-auth.ts';
import { devise } from './devise.ts';
import { expressRateLimit } from './express-rate-limit.ts';
import { fail2ban } from './fail2ban.ts';
import { leakedStepsUp } from './leaked-steps-up.ts';
import { none } from './none.ts';
import { ablationPolicies } from './ours/ablations.ts';
import { ourPolicies, overRedis } from './ours/index.ts';
import { rateLimiterFlexible, rateLimiterFlexibleInMemory } from './rate-limiter-flexible.ts';
import { stopGuessing } from './stop-guessing.ts';

const peers: readonly (readonly [string, PolicyFactory])[] = [
  ['none', none],
  ['erl', expressRateLimit],
  ['rlf', rateLimiterFlexible],
  ['rlfmem', rateLimiterFlexibleInMemory],
  ['axes', axes],
  ['axes1h', axesHour],
  ['auth0', auth0],
  ['devise', devise],
  ['f2b', fail2ban],
  ['betterauth', betterAuth],
  ['stopg', stopGuessing],
];

/** Every policy by the name that `--policies` takes; each peer also with "leaked password means step-up", and ours without each of its parts. */
export const policies: ReadonlyMap<string, PolicyFactory> = new Map([...ourPolicies, ...overRedis, ...ablationPolicies, ...peers, ...peers.map(([name, make]) => [`${name}+leaked`, leakedStepsUp(make)] as const)]);

export const ownPolicies: readonly string[] = ourPolicies.map(([name]) => name);
export const partPolicies: readonly string[] = ablationPolicies.map(([name]) => name);
export const redisPolicies: readonly string[] = overRedis.map(([name]) => name);
export const peerPolicies: readonly string[] = peers.map(([name]) => name);
