import type { PolicyFactory } from '../policy.ts';

/**
 * Our guard in its four forms. None is in index.ts yet: the guard is handed in here, then named there under `own`.
 * `default` is as installed; `leaked` has the list of leaked passwords; `no-step-up` has no channel for a step-up;
 * `no-cookies` sees no device cookie.
 */
export const ours: Readonly<Record<'default' | 'leaked' | 'no-step-up' | 'no-cookies', PolicyFactory>> = Object.freeze({
  default: notBuilt,
  leaked: notBuilt,
  'no-step-up': notBuilt,
  'no-cookies': notBuilt,
});

function notBuilt(): never {
  throw new Error('not built yet');
}

/** As it is installed, and what each of its parts is worth. */
export const ourPolicies: readonly (readonly [string, PolicyFactory])[] = [
  { name: 'default', list: false, stepUp: true, cookies: true },
  { name: 'leaked', list: true, stepUp: true, cookies: true },
  { name: 'no-step-up', list: false, stepUp: false, cookies: true },
  { name: 'no-cookies', list: false, stepUp: true, cookies: false },
].map((options) => [options.name, ours(options)]);
