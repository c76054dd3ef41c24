import { ConfigError } from '../kernel/errors.ts';

/** Whose sessions an epoch is of. */
export type EpochScope =
  | { readonly kind: 'everyone' }
  | { readonly kind: 'organization'; readonly id: string }
  | { readonly kind: 'user'; readonly id: string };

/** Whose session it is. */
export interface EpochSubject {
  readonly accountId: string;
  /** Every organization of the account, 100 at most. */
  readonly organizationIds?: readonly string[] | undefined;
}

/** Organizations of one account, and of one mark. Each costs a read when nothing is remembered. */
export const maxOrganizations = 100;
/** Longer than any id, and short enough to be digested on every request. */
export const maxIdChars = 1_024;

export const everyone: EpochScope = Object.freeze({ kind: 'everyone' });

/** The kind goes first and holds no space, so that no id makes the name of another scope. */
export function nameOf(scope: EpochScope): string {
  return scope.kind === 'everyone' ? scope.kind : `${scope.kind} ${scope.id}`;
}

export function organizationScope(id: unknown, name: string): EpochScope {
  return { kind: 'organization', id: checkedId(id, name) };
}

export function userScope(id: unknown, name: string): EpochScope & { readonly kind: 'user' } {
  return { kind: 'user', id: checkedId(id, name) };
}

/** The organizations, each once. Null or one bare id would be read as none, or as one for each letter, and would revoke nobody. */
export function organizationIdsOf(given: unknown, name: string): readonly string[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw new ConfigError(`${name}: expected an array of ids`);
  // Counted before it is looked at.
  if (given.length > maxOrganizations) throw new ConfigError(`${name}: expected at most ${maxOrganizations} ids, got ${given.length}`);
  // On every request of an app: a set would cost more than all else that a check does. By index, so that a hole is no id.
  const ids: string[] = [];
  for (let at = 0; at < given.length; at += 1) {
    const id = checkedId(given[at], name);
    if (!ids.includes(id)) ids.push(id);
  }
  return ids;
}

export function checkedId(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '' || value.length > maxIdChars) throw new ConfigError(`${name}: expected an id of 1 to ${maxIdChars} characters`);
  return value;
}
