import type { EpochMark } from '../ports/session.ts';
import { isEpoch } from './record.ts';
import { maxIdChars, maxOrganizations } from './scope.ts';

/** A mark as it may be compared. */
export interface ReadMark {
  readonly everyone: number;
  readonly user: number;
  readonly organizations: ReadonlyMap<string, number>;
}

/** What a session carries. It may come out of a cookie, a token or a table, and hold anything. Never throws. */
export function readMark(given: unknown): ReadMark | 'unmarked' | 'malformed' {
  if (given === undefined || given === null) return 'unmarked';
  try {
    return parsed(given) ?? 'malformed';
  } catch {
    // A getter or a proxy: JSON has none.
    return 'malformed';
  }
}

/** The same without the part that is the account's own; undefined for what is no such mark. Never throws. */
export function readWiderMark(given: unknown): ReadMark | undefined {
  try {
    return parsed(given, 0);
  } catch {
    return undefined;
  }
}

function parsed(given: unknown, user = own(given, 'user')): ReadMark | undefined {
  const everyone = own(given, 'everyone');
  const organizations = pairsOf(own(given, 'organizations'));
  if (!isMarkEpoch(everyone) || !isMarkEpoch(user) || organizations === undefined) return undefined;
  return { everyone, user, organizations };
}

/** Own ones only: after a prototype pollution anywhere in the app, every object would seem to carry a mark. */
function own(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function pairsOf(value: unknown): ReadonlyMap<string, number> | undefined {
  if (!isObject(value)) return undefined;
  const ids = Object.keys(value);
  if (ids.length > maxOrganizations) return undefined;
  const pairs = new Map<string, number>();
  for (const id of ids) {
    const epoch = value[id];
    if (id === '' || id.length > maxIdChars || !isMarkEpoch(epoch)) return undefined;
    pairs.set(id, epoch);
  }
  return pairs;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMarkEpoch(value: unknown): value is number {
  return value === 0 || isEpoch(value);
}

/** Plain JSON. `fromEntries` makes an own member of `__proto__` too. */
export function markOf(everyone: number, user: number, organizations: readonly (readonly [string, number])[]): EpochMark {
  return Object.freeze({ everyone, organizations: Object.freeze(Object.fromEntries(organizations)), user });
}
