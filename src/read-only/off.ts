import { ConfigError } from '../kernel/errors.ts';
import type { ReadOnlyMode } from './read-only.ts';

const allowed = Object.freeze({ allowed: true });
const off = Object.freeze({ level: 'off' });
const current = Object.freeze({ state: 'current', switches: Object.freeze([]) });

/** For an app that has none: nothing is ever refused, nothing looks after a store, and `set` rejects with ERR_CONFIG instead of switching nothing. */
export const noReadOnlyMode: ReadOnlyMode = Object.freeze({
  set: () => Promise.reject(new ConfigError('read-only: is switched off in this app by the option readOnly: false')),
  lift: () => Promise.resolve(false),
  status: () => Promise.resolve([]),
  check: () => allowed,
  assertWritable: () => undefined,
  standing: () => off,
  banner: () => undefined,
  known: () => current,
  ready: () => Promise.resolve(true),
  close: () => undefined,
} satisfies ReadOnlyMode);
