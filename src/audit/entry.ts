import type { KeyRing } from '../kernel/keys.ts';
import { addressForm, type AddressForm } from './address.ts';
import { catalogueLine, type AuditFactor, type AuditLevel, type AuditOutcome, type OwaspEventName } from './catalogue.ts';
import type { EventType } from '../ports/events.ts';
import { safeText } from './safe-text.ts';

export type AuditValue = string | number | boolean | readonly string[];

/** One thing that happened, as it may be kept and read (OWASP ASVS 5.0 16.2.1). Plain JSON, two levels deep, frozen. */
export interface AuditEntry {
  /** When: ISO 8601 in UTC, with milliseconds and `Z`. */
  readonly time: string;
  /** A name of its own: one random part per log and a number that grows by one, so that a gap shows what was lost. */
  readonly id: string;
  /** The app, where `appId` names it. */
  readonly app?: string;
  readonly event: EventType;
  readonly owasp: OwaspEventName;
  readonly level: AuditLevel;
  /** `observed` instead of `denied` where a guard only reports what it would have refused. */
  readonly outcome: AuditOutcome | 'observed';
  /** The catalogue's, or those that the event itself names. An app's own factor has the app's word. */
  readonly factors?: readonly (AuditFactor | (string & {}))[];
  /** The app's opaque account id. An id that looks like an e-mail address is replaced by its keyed digest. */
  readonly account?: string;
  /** Keyed digest of the identifier that was typed: the same person, without saying who. */
  readonly nameTag?: string;
  /** The client's network address, sealed (`openAddress` reads it) or masked; `invalid` where it was none. */
  readonly address?: string;
  /** What the catalogue names for this event; nothing else. */
  readonly details: Readonly<Record<string, AuditValue>>;
}

/** What an entry needs beside the event. */
export interface EntryContext {
  readonly keys: KeyRing;
  readonly addresses: AddressForm;
  readonly appId: string | undefined;
  readonly nowMs: number;
  readonly id: string;
}

/** How many texts of a list are kept. */
const maxTexts = 20;

/** Makes the entry of an event, or undefined for anything that is no event of the catalogue. */
export function entryOf(event: unknown, context: EntryContext): AuditEntry | undefined {
  if (typeof event !== 'object' || event === null) return undefined;
  const given = event as Readonly<Record<string, unknown>>;
  const { type } = given;
  const line = catalogueLine(type);
  if (line === undefined) return undefined;
  const details = detailsOf(given, line.fields);
  return Object.freeze({
    time: new Date(context.nowMs).toISOString(),
    id: context.id,
    ...(context.appId !== undefined && { app: context.appId }),
    event: type as EventType,
    owasp: line.owasp,
    level: line.level,
    outcome: line.outcome === 'denied' && details['enforced'] === false ? 'observed' : line.outcome,
    ...factorsOf(details, line.factors),
    ...subjectOf(given, context),
    details,
  });
}

/** An event that names its proofs says more than its line of the catalogue. */
function factorsOf({ proofs, method }: Readonly<Record<string, AuditValue>>, factors: readonly AuditFactor[] | undefined): Pick<AuditEntry, 'factors'> {
  if (Array.isArray(proofs)) return { factors: proofs as readonly string[] };
  if (typeof method === 'string') return { factors: [method] };
  return factors === undefined ? {} : { factors };
}

function subjectOf({ accountId, nameTag, address }: Readonly<Record<string, unknown>>, { keys, addresses }: EntryContext): Pick<AuditEntry, 'account' | 'nameTag' | 'address'> {
  return {
    ...(typeof accountId === 'string' && { account: accountId.includes('@') ? `tag:${keys.digest('account', accountId)}` : safeText(accountId) }),
    ...(typeof nameTag === 'string' && { nameTag: safeText(nameTag) }),
    ...(typeof address === 'string' && { address: addressForm(address, addresses, keys) }),
  };
}

function detailsOf(given: Readonly<Record<string, unknown>>, fields: Readonly<Record<string, string>>): Readonly<Record<string, AuditValue>> {
  const details: Record<string, AuditValue> = {};
  for (const [field, kind] of Object.entries(fields)) {
    const value = valueOf(given[field], kind);
    if (value !== undefined) details[field] = value;
  }
  return Object.freeze(details);
}

function valueOf(value: unknown, kind: string): AuditValue | undefined {
  if (kind === 'text') return typeof value === 'string' ? safeText(value) : undefined;
  if (kind === 'number') return Number.isFinite(value) ? (value as number) : undefined;
  if (kind === 'flag') return typeof value === 'boolean' ? value : undefined;
  if (!Array.isArray(value)) return undefined;
  const texts = value.slice(0, maxTexts).filter((text): text is string => typeof text === 'string');
  return Object.freeze(texts.map(safeText));
}
