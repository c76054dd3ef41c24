import type { AuditEntry } from './entry.ts';

/** The place of a line in its chain. */
export interface ChainLink {
  /** Names the chain: random, made with its first line. */
  readonly id: string;
  /** 1 for the first line, and one more for each. */
  readonly seq: number;
  /** The id of the key that `mac` was made with. */
  readonly key: string;
  /** The `mac` of the line before; empty for the first. */
  readonly prev: string;
  /** Whether it is the first line of its file, so that a line cut off above it is missed. */
  readonly first?: true;
  /** How many unfinished lines stand directly before it. */
  readonly torn?: number;
  /** HMAC-SHA-256 of the line's bytes up to here, base64url. */
  readonly mac: string;
}

/** A line that is an entry, as far as its form goes. */
export interface ParsedLine {
  readonly entry: AuditEntry;
  /** Undefined where there is none, or none that could be one. */
  readonly link: ChainLink | undefined;
  /** Whether the line claims to belong to a chain. */
  readonly chained: boolean;
}

/**
 * Parses one line of a log. Undefined for anything that is no entry: the values of a line are anybody's until its chain has
 * been verified. Events and fields that this version does not know are left as they are.
 */
export function parseAuditLine(bytes: Uint8Array): ParsedLine | undefined {
  const value = jsonOf(bytes);
  if (!isObject(value) || !hasEntryForm(value)) return undefined;
  const { chain, ...entry } = value;
  return { entry: entry as unknown as AuditEntry, link: isLink(chain) ? chain : undefined, chained: chain !== undefined };
}

/** Whether it is JSON at all: an unfinished line is none. */
export function isJson(bytes: Uint8Array): boolean {
  return jsonOf(bytes) !== undefined;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const required = ['time', 'id', 'event', 'owasp', 'level', 'outcome'] as const;
const allowed = ['app', 'account', 'nameTag', 'address'] as const;

function hasEntryForm(value: Readonly<Record<string, unknown>>): boolean {
  const { time, details, factors } = value;
  return (
    required.every((field) => typeof value[field] === 'string') &&
    allowed.every((field) => value[field] === undefined || typeof value[field] === 'string') &&
    Number.isFinite(Date.parse(time as string)) &&
    (factors === undefined || isTexts(factors)) &&
    isObject(details) &&
    Object.values(details).every((detail) => ['string', 'number', 'boolean'].includes(typeof detail) || isTexts(detail))
  );
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function isLink(value: unknown): value is ChainLink {
  if (!isObject(value)) return false;
  const { id, seq, key, prev, first, torn, mac } = value;
  return (
    [id, key, prev, mac].every((text) => typeof text === 'string') &&
    isCount(seq) &&
    (torn === undefined || isCount(torn)) &&
    (first === undefined || first === true)
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
