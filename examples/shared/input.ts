import type { Visit } from './visit.ts';

/** The value as text without outer white space; undefined for nothing, for too much, and for what is no clean text. */
export function textOf(value: unknown, maxChars: number): string | undefined {
  if (typeof value !== 'string' || value.includes('\0') || !value.isWellFormed()) return undefined;
  const text = value.trim();
  return text === '' || text.length > maxChars ? undefined : text;
}

/** One field of the form or JSON body, as it came. */
export function bodyField({ body }: Pick<Visit, 'body'>, name: string): unknown {
  return ownMember(body, name);
}

/** One field of the query, as text; undefined also where it is given twice. */
export function queryText({ query }: Pick<Visit, 'query'>, name: string): string | undefined {
  return textOf(ownMember(query, name), 320);
}

/** One variable part of the path. */
export function pathPart({ params }: Pick<Visit, 'params'>, name: string): string {
  return String(ownMember(params, name));
}

function ownMember(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** A mail address in the form in which it is stored (that of the library's default too), or undefined for what cannot be one. */
export function addressOf(value: unknown): string | undefined {
  const address = textOf(value, 254)?.normalize('NFKC').toLowerCase();
  return address !== undefined && /^[^\s@<>,;"]+@[^\s@<>,;"]+$/.test(address) ? address : undefined;
}
