import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { alarmKinds } from 'portcullis/detect';
import { describe, expect, it } from 'vitest';
import { root } from '../support/source-tree.ts';

interface Row {
  readonly kind: string;
  /** `OAT-007`, or nothing. */
  readonly oat: string | undefined;
}

/** The table of alarms in the README. */
function rows(): readonly Row[] {
  const [, table = ''] = readFileSync(join(root, 'README.md'), 'utf8').split('| alarm | OAT | raised by |\n|---|---|---|\n');
  const lines = (table.split('\n\n')[0] ?? '').split('\n');
  return lines.flatMap((line) => {
    const [names = '', oat = ''] = line.split('|').slice(1).map((cell) => cell.trim());
    return [...names.matchAll(/`([\w-]+)`/g)].map(([, kind = '']) => ({ kind, oat: oat === '' ? undefined : `OAT-${oat}` }));
  });
}

/** What OWASP calls them (Automated Threat Handbook 1.2). */
const handbook: Readonly<Record<string, string>> = { 'OAT-002': 'Token Cracking', 'OAT-007': 'Credential Cracking', 'OAT-008': 'Credential Stuffing', 'OAT-019': 'Account Creation' };

describe('the kinds of alarms', () => {
  const kinds = Object.entries(alarmKinds).map(([kind, { oat }]): Row => ({ kind, oat }));
  const byKind = (one: Row, other: Row): number => one.kind.localeCompare(other.kind);

  it('stand in the README, each once, under the OWASP id that its alarms carry', () => {
    expect(rows().toSorted(byKind)).toEqual(kinds.toSorted(byKind));
  });

  it('are each one of the four automated threats that they are told as, but for the one that is none', () => {
    expect(kinds.filter(({ oat }) => oat === undefined).map(({ kind }) => kind)).toEqual(['no-address']);
    expect(new Set(kinds.flatMap(({ oat }) => oat ?? []))).toEqual(new Set(Object.keys(handbook)));
    const idsOf = (name: string): readonly string[] => kinds.filter(({ oat }) => oat !== undefined && handbook[oat] === name).map(({ kind }) => kind).toSorted();
    expect(idsOf('Token Cracking')).toEqual(['recovery-code-guessing', 'token-guessing']);
    expect(idsOf('Credential Cracking')).toEqual(['brute-force', 'forgot-enumeration', 'login-enumeration', 'signup-enumeration', 'spraying']);
    expect(idsOf('Credential Stuffing')).toEqual(['leaked-passwords', 'many-accounts', 'slow-stuffing', 'stuffing']);
    expect(idsOf('Account Creation')).toEqual(['mass-signup']);
  });
});
