import { ConfigError, StoreError } from '../kernel/errors.ts';
import { accountRecordKey, readJson, removeWhatever, updateJson } from '../kernel/json-record.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { MfaMember, MfaPolicy, MfaPolicies, MfaScope } from './mfa.ts';

const yearMs = 366 * 24 * 3_600_000;
/** Organizations and roles of one member. Each costs a read on every request. */
const maxScopes = 256;
/** What a Date can hold: pages show the deadline. */
const latestMs = 8.64e15;

/** Policies as records, one for each scope. Nothing is cached: a change counts from the next request on, in every process. */
export function createPolicyRecords({ records, clock, emit }: { readonly records: RecordStore; readonly clock: Clock; readonly emit: Emit }): Pick<MfaPolicies, 'policiesFor' | 'require' | 'lift' | 'read'> {
  async function read(scope: MfaScope): Promise<MfaPolicy | undefined> {
    const found = await readJson<MfaPolicy>(records, keyOf(scope));
    return found && checked(found.value, scope);
  }

  return {
    read: async (scope) => read(checkedScope(scope)),
    async policiesFor({ organizationIds, roles }) {
      const found = await Promise.all(scopesOf({ organizationIds, roles }).map(read));
      return found.filter((policy) => policy !== undefined);
    },
    async require({ scope: given, graceMs, by }) {
      if (!Number.isInteger(graceMs) || graceMs < 0 || graceMs > yearMs) throw new ConfigError('mfa.require.graceMs: expected whole milliseconds from 0 to a year');
      checkBy(by, 'mfa.require.by: expected the id of whoever switches it on');
      const scope = checkedScope(given);
      const policy = await updateJson<MfaPolicy, MfaPolicy>(records, keyOf(scope), (previous) => {
        const nowMs = clock.nowMs();
        const value: MfaPolicy = { scope, sinceMs: previous === undefined ? nowMs : checked(previous, scope).sinceMs, graceUntilMs: nowMs + graceMs, by };
        return { value, answer: value };
      });
      emit({ type: 'mfa.policy-changed', scope: nameOf(scope), required: true, by });
      return policy;
    },
    async lift({ scope: given, by }) {
      checkBy(by, 'mfa.lift.by: expected the id of whoever switches it off');
      const scope = checkedScope(given);
      if (!(await removeWhatever(records, keyOf(scope)))) return false;
      emit({ type: 'mfa.policy-changed', scope: nameOf(scope), required: false, by });
      return true;
    },
  };
}

/** The scopes that bind a member, each once. */
function scopesOf({ organizationIds, roles }: Pick<MfaMember, 'organizationIds' | 'roles'>): readonly MfaScope[] {
  const scopes: MfaScope[] = [{ kind: 'app' }];
  for (const id of idsOf(organizationIds, 'organizationIds')) scopes.push({ kind: 'organization', id });
  for (const id of idsOf(roles, 'roles')) scopes.push({ kind: 'role', id });
  if (scopes.length > maxScopes + 1) throw new ConfigError(`mfa: an account has more than ${maxScopes} organizations and roles`);
  return scopes.map(checkedScope);
}

/** Null or one bare id would be read as no organization, or as one for each letter, and the policies would bind nobody. */
function idsOf(given: readonly string[] | undefined, name: string): ReadonlySet<string> {
  if (given !== undefined && !Array.isArray(given)) throw new ConfigError(`mfa: expected ${name} to be an array of ids`);
  return new Set(given);
}

function checkBy(by: unknown, message: string): void {
  if (typeof by !== 'string' || by === '') throw new ConfigError(message);
}

/** A copy that holds what a scope has and nothing else. */
function checkedScope(scope: MfaScope): MfaScope {
  const { kind, id } = Object(scope) as { readonly kind?: unknown; readonly id?: unknown };
  if (kind === 'app') return { kind };
  if ((kind !== 'organization' && kind !== 'role') || typeof id !== 'string' || id === '') throw new ConfigError('mfa: expected a scope { kind: "app" } or { kind: "organization" | "role", id }');
  return { kind, id };
}

/** The kind goes first and holds no space, so that no id makes the name of another scope. */
function nameOf(scope: MfaScope): string {
  return scope.kind === 'app' ? 'app' : `${scope.kind} ${scope.id}`;
}

/** The record's key digests the name, which may be long and hold anything. */
function keyOf(scope: MfaScope): string {
  return accountRecordKey('mfa-policy', nameOf(scope));
}

/** A record that cannot be a policy is a broken store, and no policy at all would open doors. It is of the scope that was asked for. */
function checked({ sinceMs, graceUntilMs, by }: MfaPolicy, scope: MfaScope): MfaPolicy {
  if (!isTime(sinceMs) || !isTime(graceUntilMs)) throw new StoreError('records: expected a policy in a record of the kind "mfa-policy"');
  return { scope, sinceMs, graceUntilMs, by: typeof by === 'string' ? by : '' };
}

function isTime(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0 && (value as number) <= latestMs;
}
