import { ConfigError } from './errors.ts';

/** Longest Cookie header that is looked at. Browsers send 4 KB per cookie, servers take 16 KB of headers. */
const maxHeaderChars = 16_384;

/**
 * The value of a cookie, as it was sent (RFC 6265 section 5.4): nothing is decoded. Undefined where it is not there, where the
 * header is over 16 KB, and where the name comes twice with different values: a browser sends a `__Host-` cookie once, so one
 * of the two was planted, and nobody can say which. Never throws.
 */
export function readCookie(header: unknown, name: string): string | undefined {
  if (typeof header !== 'string' || header.length > maxHeaderChars) return undefined;
  const values = new Set<string>();
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && withoutBlanks(pair.slice(0, at)) === name) values.add(withoutBlanks(pair.slice(at + 1)));
  }
  const [value] = values;
  return values.size === 1 ? value : undefined;
}

/**
 * Not `trim()`, which takes away a no-break space too: a sibling domain may set a cookie of such a name, since to the browser
 * it has no prefix.
 */
function withoutBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charAt(start))) start += 1;
  while (end > start && isBlank(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(char: string): boolean {
  return char === ' ' || char === '\t';
}

/**
 * A Set-Cookie line for a cookie of this host alone: no script reads it, and no other site's page sends it (OWASP ASVS 5.0 3.3.1
 * to 3.3.4). `maxAgeMs` 0 ends it. Throws ERR_CONFIG for a name or a value that would be more than one.
 */
export function cookieLine({ name, value, maxAgeMs }: { readonly name: `__Host-${string}`; readonly value: string; readonly maxAgeMs: number }): string {
  if (!/^__Host-[\w-]+$/.test(name)) throw new ConfigError('cookie.name: expected "__Host-" and letters, digits, "-" or "_"');
  if (!/^[\w.-]*$/.test(value)) throw new ConfigError('cookie.value: expected letters, digits, "-", "_" and "."');
  return `${name}=${value}; Max-Age=${Math.max(0, Math.floor(maxAgeMs / 1_000))}; Path=/; Secure; HttpOnly; SameSite=Lax`;
}

/** Those Set-Cookie lines that are to be sent. */
export function cookieLines(...lines: readonly (string | undefined)[]): readonly string[] {
  return lines.filter((line) => line !== undefined);
}
