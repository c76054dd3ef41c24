import { headerSeconds } from '../kernel/header-seconds.ts';
import type { CounterRule } from '../ports/counter-store.ts';
import { standingsOf, type LimiterDecision, type RuleStanding } from './decision.ts';
import { ruleNamed, type ParsedRules } from './rules.ts';

/**
 * `draft-11`: draft-ietf-httpapi-ratelimit-headers-11 (`RateLimit-Policy`, `RateLimit`). `draft-7`: its seventh version,
 * which more clients read. Neither is a standard yet.
 */
export type HeaderForm = 'none' | 'draft-11' | 'draft-7';

/** The header fields of a decision. Windows are whole seconds on the wire, rounded up. */
export function headersOf(form: HeaderForm, rules: ParsedRules, decision: LimiterDecision): Readonly<Record<string, string>> {
  if (form === 'none') return {};
  const retryAfterMs = decision.ok ? Infinity : decision.retryAfterMs;
  const lines = standingsOf(decision).flatMap((standing) => {
    const rule = ruleNamed(rules, standing.rule);
    return rule === undefined ? [] : [lineOf({ rule, standing, retryAfterMs })];
  });
  return form === 'draft-11' ? draft11(lines) : draft7(lines);
}

interface Line {
  readonly rule: string;
  /** Units, and the seconds in which so many come back. */
  readonly quota: number;
  readonly windowS: number;
  readonly remaining: number;
  /** Seconds in which no more than `remaining` should be spent. */
  readonly resetS: number;
}

function lineOf(given: { readonly rule: CounterRule; readonly standing: RuleStanding; readonly retryAfterMs: number }): Line {
  const { rule, standing, retryAfterMs } = given;
  return {
    rule: standing.rule,
    quota: rule.burst,
    windowS: headerSeconds(rule.burst * rule.intervalMs),
    remaining: standing.remaining,
    resetS: headerSeconds(Math.min(resetMs(rule, standing), retryAfterMs)),
  };
}

/**
 * With nothing left, when the next unit comes; else when all are back. Never after Retry-After, which would call
 * the client before its time.
 */
function resetMs({ burst, intervalMs }: CounterRule, { remaining, retryAfterMs, fullAfterMs }: RuleStanding): number {
  if (retryAfterMs > 0) return retryAfterMs;
  return remaining > 0 ? fullAfterMs : fullAfterMs - (burst - 1) * intervalMs;
}

function draft11(lines: readonly Line[]): Readonly<Record<string, string>> {
  return {
    'RateLimit-Policy': lines.map(({ rule, quota, windowS }) => `"${rule}";q=${quota};w=${windowS}`).join(', '),
    RateLimit: lines.map(({ rule, remaining, resetS }) => `"${rule}";r=${remaining};t=${resetS}`).join(', '),
  };
}

/** Draft 7 has room for one limit: the one with the least left, and of those the one that lasts longest. */
function draft7(lines: readonly Line[]): Readonly<Record<string, string>> {
  const [tightest] = lines.toSorted((a, b) => a.remaining - b.remaining || b.resetS - a.resetS);
  if (tightest === undefined) return {};
  const { quota, windowS, remaining, resetS } = tightest;
  return { 'RateLimit-Policy': `${quota};w=${windowS}`, RateLimit: `limit=${quota}, remaining=${remaining}, reset=${resetS}` };
}
