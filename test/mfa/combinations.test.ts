import { describe, expect, it } from 'vitest';
import { memoryStore, type SessionFacts } from 'portcullis';
import { createMfaPolicy, type MfaFactors, type MfaPolicy, type MfaVerdict } from 'portcullis/mfa';
import { day, nowMs, policy, session } from './setup.ts';

const mfa = createMfaPolicy({ records: memoryStore() });
const maxAgeMs = 60_000;
const justInTime = nowMs - maxAgeMs;
const tooOld = justInTime - 1;

type State = 'fresh' | 'missing' | 'expired';

/** Each dimension says what it means beside what it is, so that the answer is worked out from the meaning alone. */
const factors: readonly { readonly is: MfaFactors; readonly enrolled: boolean; readonly must: boolean }[] = [
  { is: { enrolled: false, usable: [] }, enrolled: false, must: false },
  { is: { enrolled: false, usable: [], mustEnrollSinceMs: nowMs - 1 }, enrolled: false, must: true },
  { is: { enrolled: false, usable: [], mustEnrollSinceMs: nowMs + day }, enrolled: false, must: true },
  { is: { enrolled: true, usable: ['totp', 'recovery-code'] }, enrolled: true, must: false },
  { is: { enrolled: true, usable: [] }, enrolled: true, must: false },
  { is: { enrolled: true, usable: [], mustEnrollSinceMs: nowMs - 1 }, enrolled: true, must: true },
];

const policies: readonly { readonly is: readonly MfaPolicy[]; readonly due: 'never' | 'later' | 'now'; readonly untilMs?: number }[] = [
  { is: [], due: 'never' },
  { is: [policy(nowMs + 7 * day)], due: 'later', untilMs: nowMs + 7 * day },
  { is: [policy(nowMs + 1)], due: 'later', untilMs: nowMs + 1 },
  { is: [policy(nowMs + 7 * day), policy(nowMs + day, 'team-2')], due: 'later', untilMs: nowMs + day },
  { is: [policy(nowMs)], due: 'now', untilMs: nowMs },
  { is: [policy(nowMs - 9 * day)], due: 'now', untilMs: nowMs - 9 * day },
  { is: [policy(nowMs + 7 * day), policy(nowMs - 1, 'team-2')], due: 'now', untilMs: nowMs - 1 },
];

const firsts: readonly { readonly is: SessionFacts['proofs']; readonly state: State }[] = [
  { is: {}, state: 'missing' },
  { is: { password: justInTime }, state: 'fresh' },
  { is: { password: tooOld }, state: 'expired' },
  { is: { password: tooOld, external: nowMs }, state: 'fresh' },
  { is: { external: 0 }, state: 'expired' },
  { is: { password: nowMs + 1 }, state: 'expired' },
  { is: { password: NaN }, state: 'missing' },
  { is: { password: -1 }, state: 'missing' },
  { is: { password: String(nowMs) as never }, state: 'missing' },
];

const seconds: readonly { readonly is: SessionFacts['proofs']; readonly proves: boolean; readonly state: State }[] = [
  { is: {}, proves: false, state: 'missing' },
  { is: { 'mailed-link': nowMs }, proves: false, state: 'missing' },
  { is: { totp: justInTime }, proves: true, state: 'fresh' },
  { is: { totp: tooOld }, proves: true, state: 'expired' },
  { is: { totp: nowMs + 1 }, proves: true, state: 'expired' },
  { is: { totp: tooOld, 'recovery-code': nowMs }, proves: true, state: 'fresh' },
  { is: { 'remembered-browser': nowMs }, proves: true, state: 'missing' },
  { is: { 'remembered-browser': nowMs, totp: tooOld }, proves: true, state: 'expired' },
  { is: { 'external-mfa': nowMs }, proves: true, state: 'fresh' },
  { is: { webauthn: nowMs }, proves: true, state: 'fresh' },
  { is: { totp: null as never }, proves: false, state: 'missing' },
  { is: { totp: Infinity }, proves: false, state: 'missing' },
];

interface Case {
  readonly factor: (typeof factors)[number];
  readonly rule: (typeof policies)[number];
  readonly stage: SessionFacts['stage'];
  readonly first: (typeof firsts)[number];
  readonly second: (typeof seconds)[number];
  readonly sensitive: boolean;
}

function cases(): readonly Case[] {
  const where = factors.flatMap((factor) => policies.flatMap((rule) => (['full', 'enroll'] as const).map((stage) => ({ factor, rule, stage }))));
  const given = firsts.flatMap((first) => seconds.flatMap((second) => [false, true].map((sensitive) => ({ first, second, sensitive }))));
  return where.flatMap((one) => given.map((other) => ({ ...one, ...other })));
}

function expected({ factor, rule, stage, first, second, sensitive }: Case): string {
  if (factor.enrolled && !second.proves) return `challenge ${factor.is.usable.join()}`;
  const mustNow = !factor.enrolled && (factor.must || rule.due === 'now' || stage === 'enroll');
  if (mustNow) return `enroll now ${rule.is.length}`;
  const asked = [['password', first.state], ...(factor.enrolled ? [['second-factor', second.state]] : [])];
  const named = (state: State): string => asked.filter(([, is]) => is === state).map(([name]) => name).join();
  if (sensitive && asked.some(([, is]) => is !== 'fresh')) return `step-up ${named('missing')};${named('expired')}`;
  return !factor.enrolled && rule.due === 'later' ? `enroll by ${rule.untilMs} ${rule.is.length}` : 'allow';
}

function told(verdict: MfaVerdict): string {
  switch (verdict.verdict) {
    case 'challenge': return `challenge ${verdict.methods.join()}`;
    case 'enroll': return verdict.overdue ? `enroll now ${verdict.scopes.length}` : `enroll by ${verdict.graceUntilMs} ${verdict.scopes.length}`;
    case 'step-up': return `step-up ${verdict.missing.join()};${verdict.expired.join()}`;
    case 'allow': return 'allow';
  }
}

describe('every combination of factors, policies, stage, proofs and sensitivity', () => {
  // checklist 2, 3, 53, 70; ASVS 5.0 6.3.3, 7.5.1, 7.5.3
  it('has the one verdict that the rules give it', () => {
    const seen = new Map<string, number>();
    const wrong: unknown[] = [];
    for (const each of cases()) {
      const verdict = mfa.decide({ policies: each.rule.is, factors: each.factor.is, session: session({ ...each.first.is, ...each.second.is }, each.stage), nowMs, ...(each.sensitive && { maxAgeMs }) });
      seen.set(verdict.verdict, (seen.get(verdict.verdict) ?? 0) + 1);
      if (told(verdict) !== expected(each)) wrong.push({ told: told(verdict), expected: expected(each), ...each });
    }
    expect(wrong.slice(0, 3)).toEqual([]);
    expect([...seen.keys()].sort()).toEqual(['allow', 'challenge', 'enroll', 'step-up']);
  });
});
