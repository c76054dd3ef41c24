import type { PolicyFactory } from '../policy.ts';
import { expressRateLimit } from './express-rate-limit.ts';
import { none } from './none.ts';
import { rateLimiterFlexible, rateLimiterFlexibleInMemory } from './rate-limiter-flexible.ts';

/** Every policy by the name that `--policies` takes. */
export const policies: ReadonlyMap<string, PolicyFactory> = new Map([
  ['none', none],
  ['erl', expressRateLimit],
  ['rlf', rateLimiterFlexible],
  ['rlfmem', rateLimiterFlexibleInMemory],
]);
