import type { CounterStanding } from '../kernel/counting.ts';
import type { ParsedRule, ParsedRules } from './rules.ts';

/**
 * `draft-11`: draft-ietf-httpapi-ratelimit-headers-11 (`RateLimit-Policy`, `RateLimit`). `draft-7`: its seventh version,
 * which more clients read. Neither is a standard yet.
 */
export type HeaderForm = 'none' | 'draft-11' | 'draft-7';

interface NamedStanding extends CounterStanding {
  readonly rule: string;
}

/** Seconds for a header: whole, rounded up, at least 1 (RFC 9110 section 10.2.3). */
export function headerSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

/** The header fields of a decision. Windows are whole seconds on the wire, rounded up. */
export function headersOf(form: HeaderForm, rules: ParsedRules, standings: readonly NamedStanding[]): Readonly<Record<string, string>> {
  if (form === 'none') return {};
  const lines = standings.flatMap((standing) => {
    const rule = rules.get(standing.rule);
    return rule === undefined ? [] : [{ rule, standing }];
  });
  return form === 'draft-11' ? draft11(lines) : draft7(lines);
}

interface Line {
  readonly rule: ParsedRule;
  readonly standing: NamedStanding;
}

function draft11(lines: readonly Line[]): Readonly<Record<string, string>> {
  return {
    'RateLimit-Policy': lines.map(({ rule, standing }) => `"${standing.rule}";q=${rule.counter.burst};w=${headerSeconds(rule.windowMs)}`).join(', '),
    RateLimit: lines.map(({ standing }) => `"${standing.rule}";r=${standing.remaining};t=${headerSeconds(resetMs(standing))}`).join(', '),
  };
}

/** Draft 7 has room for one limit: the one with the least left. */
function draft7(lines: readonly Line[]): Readonly<Record<string, string>> {
  const [tightest] = lines.toSorted((a, b) => a.standing.remaining - b.standing.remaining || b.standing.retryAfterMs - a.standing.retryAfterMs);
  if (tightest === undefined) return {};
  const { rule, standing } = tightest;
  return {
    'RateLimit-Policy': `${rule.counter.burst};w=${headerSeconds(rule.windowMs)}`,
    RateLimit: `limit=${rule.counter.burst}, remaining=${standing.remaining}, reset=${headerSeconds(resetMs(standing))}`,
  };
}

function resetMs({ remaining, retryAfterMs, fullAfterMs }: NamedStanding): number {
  return remaining === 0 && retryAfterMs > 0 ? retryAfterMs : fullAfterMs;
}
