import type { Request } from 'express';

/** The value as text without outer white space; undefined for nothing, for too much, and for what is no clean text. */
export function textOf(value: unknown, maxChars: number): string | undefined {
  if (typeof value !== 'string' || value.includes('\0') || !value.isWellFormed()) return undefined;
  const text = value.trim();
  return text === '' || text.length > maxChars ? undefined : text;
}

/** One field of the form or JSON body, as it came. */
export function bodyField(req: Request, name: string): unknown {
  const body = req.body as unknown;
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined;
}

/** One field of the query, as text; undefined also where it is given twice. */
export function queryText(req: Request, name: string): string | undefined {
  return textOf(req.query[name], 320);
}

/** A mail address in the form in which it is stored (that of the library's default too), or undefined for what cannot be one. */
export function addressOf(value: unknown): string | undefined {
  const address = textOf(value, 254)?.normalize('NFKC').toLowerCase();
  return address !== undefined && /^[^\s@<>,;"]+@[^\s@<>,;"]+$/.test(address) ? address : undefined;
}
