import type { BenchRow } from './row.ts';

/** One goal of the package: the row that shows it, the goal in the words of that row, and what is claimed. */
export interface ClaimedGoal {
  readonly id: string;
  readonly goal: string;
  readonly what: string;
}

/** Every goal there is. Each has a row here, a line in the README's table, and no goal is set elsewhere. */
export const goals: readonly ClaimedGoal[] = [
  { id: 'limiter-one-rule-vs-erl', goal: '>= 1x', what: 'Limiter in memory, one rule, beside express-rate-limit' },
  { id: 'limiter-one-rule-vs-rlf', goal: '>= 3x', what: 'Limiter in memory, one rule, beside rate-limiter-flexible' },
  { id: 'limiter-two-rules-vs-erl', goal: '>= 1.2x', what: 'Two rules in one atomic step, beside two increments' },
  { id: 'flood-memory', goal: '<= 64 MB', what: 'A million fresh keys: memory they leave' },
  { id: 'flood-stall', goal: '<= 1x', what: 'A million fresh keys: longest turn of the event loop' },
  { id: 'flood-exhausted', goal: '<= 0 passes', what: 'A million fresh keys: passes of an exhausted key after them' },
  { id: 'hasher-overload-goodput', goal: '>= 0.85x', what: 'Ten times too many logins: answers within 1 s, of what the machine can do' },
  { id: 'hasher-overload-health', goal: '<= 20 ms', what: 'Ten times too many logins: p99 of an unrelated route' },
  { id: 'hasher-overload-readfile', goal: '<= 50 ms', what: 'Ten times too many logins: p99 of fs.readFile' },
  { id: 'hasher-overload-memory', goal: '<= 4 MB', what: 'Ten times too many logins: memory stays flat' },
  { id: 'breach-uncached', goal: '>= 8x', what: 'Breach lookups, 50 at once, nothing cached' },
  { id: 'breach-cached', goal: '>= 50000 /s', what: 'Breach lookups, cached' },
  { id: 'password-stall', goal: '<= 20 ms', what: 'Password check: longest stall of the event loop, first checks of a process' },
  { id: 'password-stall-warm', goal: '<= 20 ms', what: 'Password check: longest stall of the event loop, after warmUp()' },
  { id: 'import-esm', goal: '<= 15 ms', what: `import 'portcullis'` },
  { id: 'import-require', goal: '<= 15 ms', what: `require('portcullis')` },
  { id: 'import-cjs', goal: '<= 15 ms', what: 'The CommonJS build' },
  { id: 'import-native', goal: '<= 0 add-ons', what: 'Native code that the import loads' },
  { id: 'import-dictionaries', goal: '<= 0 files', what: 'Dictionaries that the import loads' },
  { id: 'import-sockets', goal: '<= 0 handles', what: 'Sockets that the import opens' },
  { id: 'totp-check', goal: '>= 1.5x', what: 'Checking a code of an authenticator app, beside otplib' },
  { id: 'guard-decision', goal: '<= 60 us', what: 'Login guard in memory: CPU of one failed attempt' },
  { id: 'guard-decision-without-digests', goal: '<= 10 us', what: 'Login guard in memory, without the keyed digests' },
  { id: 'guard-redis-script', goal: '<= 60 us', what: 'Login guard over Redis: time of the server for one reservation' },
  { id: 'read-only-check', goal: '<= 5 us', what: 'Read-only mode, nothing switched on: one check' },
  { id: 'read-only-off', goal: '<= 5 us', what: 'Read-only mode, nothing switched on: server CPU that it adds to a request' },
  { id: 'express-allowed', goal: '<= 8 us', what: 'Server CPU that the limiter adds to a request, allowed' },
  { id: 'express-denied', goal: '<= 8 us', what: 'Server CPU that the limiter adds to a request, denied' },
  { id: 'guards-off', goal: '<= 5 us', what: 'Read-only mode and epochs, nothing switched on: server CPU that both add to a request' },
  { id: 'fastify-allowed', goal: '<= 3 us', what: 'Fastify: server CPU that the limiter adds to a request, allowed' },
  { id: 'fastify-denied', goal: '<= 3 us', what: 'Fastify: server CPU that the limiter adds to a request, denied' },
  { id: 'fastify-guards-off', goal: '<= 3 us', what: 'Fastify: server CPU that read-only mode and epochs add to a request, nothing switched on' },
  { id: 'redis-50-vs-bare', goal: '>= 0.9x', what: 'Three limits over Redis, 50 at once, beside a bare EVALSHA of the same script' },
  { id: 'redis-50-vs-rlf', goal: '>= 1.8x', what: 'Three limits over Redis, 50 at once, beside three consumes of rate-limiter-flexible' },
  { id: 'redis-50-p99-vs-rlf', goal: '<= 0.6x', what: 'Three limits over Redis, 50 at once: p99, beside rate-limiter-flexible' },
  { id: 'redis-500-vs-bare', goal: '>= 0.9x', what: 'Three limits over Redis, 500 at once, beside a bare EVALSHA of the same script' },
  { id: 'redis-500-vs-rlf', goal: '>= 2.2x', what: 'Three limits over Redis, 500 at once, beside three consumes of rate-limiter-flexible' },
  { id: 'redis-500-p99-vs-rlf', goal: '<= 0.6x', what: 'Three limits over Redis, 500 at once: p99, beside rate-limiter-flexible' },
];

/** Where the rows of a whole run and the goals differ: a goal that no row has, or a row with a goal that nobody named. */
export function goalMismatches(rows: readonly BenchRow[], claimed: readonly ClaimedGoal[] = goals): readonly string[] {
  const found = new Map(rows.map(({ id, goal }) => [id, goal]));
  const named = new Map(claimed.map(({ id, goal }) => [id, goal]));
  return [
    ...claimed.filter(({ id, goal }) => found.get(id) !== goal).map(({ id, goal }) => `${id}: expected the goal "${goal}", got ${said(found.get(id))}`),
    ...rows.filter(({ id, goal }) => goal !== null && !named.has(id)).map(({ id, goal }) => `${id}: its goal "${goal ?? ''}" is not in bench/goals.ts`),
  ];
}

function said(goal: string | null | undefined): string {
  if (goal === undefined) return 'no such row';
  return goal === null ? 'no goal' : `"${goal}"`;
}
