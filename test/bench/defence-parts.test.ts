import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../bench/defence/result.ts';
import { betterTable } from '../../bench/defence/report/better.ts';
import { glanceTable } from '../../bench/defence/report/glance.ts';
import { defenseHtml } from '../../bench/defence/report/html.ts';
import { defenseMarkdown } from '../../bench/defence/report/markdown.ts';
import { partTables } from '../../bench/defence/report/parts.ts';
import { result } from './defence-support.ts';

const seeds = [1, 2, 3];
const ablated = (policy: string, given: (seed: number) => Partial<RunResult>): readonly RunResult[] => seeds.map((seed) => result({ scenario: 'ablation', policy, seed, stepUpShare: 0, ...given(seed) }));
const verdictOf = (results: readonly RunResult[], policy: string): readonly string[] => partTables(results)[0]?.rows.find(([name]) => name === policy) ?? [];

describe('what each part is worth', () => {
  const whole = [...ablated('default', () => ({ attacker: 'A4', takeoverShare: 0 })), ...ablated('default', () => ({ attacker: 'legit', takeoverShare: null, detectionMs: null }))];

  it('is what gets worse without it, beside the figure of the whole', () => {
    const runs = [...whole, ...ablated('without-sprayed', (seed) => ({ attacker: 'A4', takeoverShare: 0.1 + seed / 100 }))];
    expect(verdictOf(runs, 'without-sprayed').at(-1)).toBe('taken over: A4 12 % (0 %)');
  });

  it('is nothing where no figure is visibly worse, and then the report says that the part should go', () => {
    const runs = [...whole, ...ablated('without-sprayed', () => ({ attacker: 'A4', takeoverShare: 0.004 }))];
    expect(verdictOf(runs, 'without-sprayed').at(-1)).toBe('nothing: it should go');
  });

  it('is not nothing where the list alone hides what it does', () => {
    const withList = [...ablated('leaked', () => ({ attacker: 'A4', takeoverShare: 0 })), ...ablated('without-sprayed+leaked', () => ({ attacker: 'A4', takeoverShare: 0 }))];
    const runs = [...whole, ...withList, ...ablated('without-sprayed', () => ({ attacker: 'A4', takeoverShare: 0.3 }))];
    expect(verdictOf(runs, 'without-sprayed').slice(-2)).toEqual(['taken over: A4 30 % (0 %)', 'nothing']);
  });

  it('is seen where the part that covers for it is missing too', () => {
    const runs = [...whole, ...['without-sprayed', 'without-surge'].flatMap((name) => ablated(name, () => ({ attacker: 'A4', takeoverShare: 0 }))), ...ablated('without-surge-and-sprayed', () => ({ attacker: 'A4', takeoverShare: 1 }))];
    expect(verdictOf(runs, 'without-sprayed').at(-1)).toBe('nothing alone: see without-surge-and-sprayed');
    expect(verdictOf(runs, 'without-surge-and-sprayed').at(-1)).toBe('taken over: A4 100 % (0 %)');
    expect(verdictOf(runs, 'without-surge').at(-1)).toBe('nothing: it should go');
  });

  it.each([['without-refund', 'ablation-cgnat', 'where all homes share addresses'], ['without-made-good', 'ablation-typos', 'where five times as many mistype and 30 % of the sessions are in new browsers']])('is also seen where only some sites need it: %s', (part, scenario, where) => {
    const there = (policy: string, stepUpShare: number) => ablated(policy, () => ({ scenario, attacker: 'legit', takeoverShare: null, detectionMs: null, stepUpShare }));
    const runs = [...whole, ...ablated(part, () => ({ attacker: 'A4', takeoverShare: 0 })), ...there('default', 0.005), ...there(part, 0.02)];
    expect(verdictOf(runs, part).at(-1)).toBe(`${where}, quiet, stepped up: 2 % (0.5 %)`);
  });

  it('is judged seed by seed, and by more than half of them', () => {
    const shares: readonly number[] = [0.3, 0, 0];
    const runs = [...whole, ...ablated('without-sprayed', (seed) => ({ attacker: 'A4', takeoverShare: shares[seed - 1] ?? 0 }))];
    expect(verdictOf(runs, 'without-sprayed').at(-1)).toBe('nothing: it should go');
  });

  it('is none where the alarm never comes either way', () => {
    const never = (policy: string) => ablated(policy, () => ({ attacker: 'A10', takeoverShare: 0, detectionMs: null }));
    expect(verdictOf([...never('default'), ...never('without-limits')], 'without-limits').slice(-2)).toEqual(['-', 'nothing: it should go']);
  });

  it('is seen in a third of the seeds where it is that the attack is found at all', () => {
    const runs = [...whole, ...ablated('without-slow-surge', (seed) => ({ attacker: 'A4', detectionMs: seed === 1 ? null : 12_000 }))];
    expect(verdictOf(runs, 'without-slow-surge').at(-1)).toBe('not found within 3 days, of the seeds: A4 33.3 % (0 %)');
  });

  it.each([
    [{ attacker: 'legit', takeoverShare: null, ordinaryDeniedShare: 0.001 }, 'quiet, right password denied: 0.1 % (0 %)'],
    [{ attacker: 'legit', takeoverShare: null, detectionMs: null, falseAlarms: { source: 2, account: 1 } }, 'false alarms in 28 days: 3 (0)'],
    [{ attacker: 'A4', detectionMs: 300_000 }, 'first alarm: A4 5 min (12 s)'],
    [{ attacker: 'A4', detectionMs: null }, 'first alarm: A4 never (12 s); not found within 3 days, of the seeds: A4 100 % (0 %)'],
    [{ attacker: 'A4', stepUpShare: 0.02 }, 'stepped up meanwhile: A4 2 % (0 %)'],
    [{ attacker: 'A4', verifiedPerIpDay: 400 }, 'guesses verified an address and day: A4 400 (3)'],
  ] as const)('counts harm, alarms and work: %j', (given, text) => {
    const runs = [...whole, ...ablated('without-account', () => given)];
    expect(verdictOf(runs, 'without-account').at(-1)).toBe(text);
  });

  it('says as well what is better without it', () => {
    const runs = [...ablated('default', () => ({ attacker: 'A6', stepUpShare: 0.03 })), ...ablated('without-surge', () => ({ attacker: 'A6', takeoverShare: 1 }))];
    expect(verdictOf(runs, 'without-surge').slice(2)).toEqual(['stepped up meanwhile: A6 0 % (3 %)', 'taken over: A6 100 % (0 %)']);
  });

  it('has the figures in a table for each of ours, with ours whole on top', () => {
    const runs = [...whole, ...ablated('without-account', () => ({ attacker: 'A4', detectionMs: null }))];
    const [, figures] = partTables(runs);
    expect(figures?.title).toBe('The figures, without a list');
    expect(figures?.rows).toEqual([['default', '0 %', '0 % / 0 %', '0 % / 0 %', ''], ['without-account', '0 %', '', '0 % / 0 %', 'A4 never (0 of 3)']]);
  });

  it('is left out of the report where it was not run', () => {
    expect(partTables([result({})])).toEqual([]);
    expect(defenseMarkdown([result({})], { node: '24', date: '2026-11-28', versions: [] })).not.toContain('What each part is worth');
  });
});

const beside = [
  ...(['default', 'leaked'] as const).flatMap((policy) => [result({ policy, attacker: 'legit', takeoverShare: null, detectionMs: null, stepUpShare: policy === 'leaked' ? 0.003 : 0.0002 }), result({ policy, attacker: 'A5', stepUpShare: 0 })]),
  ...(['none', 'rlf', 'axes', 'rlf+leaked'] as const).flatMap((policy) => [
    result({ policy, attacker: 'legit', takeoverShare: null, detectionMs: null, stepUpShare: policy === 'rlf+leaked' ? 0.001 : 0, ordinaryDeniedShare: policy === 'axes' ? 0.35 : 0 }),
    result({ policy, attacker: 'A5', takeoverShare: policy === 'axes' ? 0 : 0.4, detectionMs: 20_000, stepUpShare: 0 }),
  ]),
];

describe('where a peer is better', () => {
  it('names each peer that has less, beside ours without a list those as they are and beside the list those with it too', () => {
    expect(betterTable(beside, ['default', 'leaked'])?.rows).toEqual([['quiet: stepped up', '0.02 %', '0 %: rlf, axes', '0.3 %', '0 %: rlf, axes; 0.1 %: rlf+leaked']]);
  });

  it('counts an attack that only ours is told of late', () => {
    const late = beside.map((run) => (run.policy === 'default' && run.attacker === 'A5' ? { ...run, detectionMs: null } : run));
    expect(betterTable(late, ['default', 'leaked'])?.rows).toContainEqual(['A5: first alarm', 'never', '20 s: rlf, axes', '12 s', '-']);
  });

  it('says nothing where there is nothing to compare', () => {
    expect(betterTable([result({})], ['leaked'])).toBeUndefined();
  });
});

describe('the table that is read first', () => {
  it('has ours and the peers as they are, by their own names, and marks what nobody would want', () => {
    const table = glanceTable(beside);
    expect(table?.rows.map(([name]) => name)).toEqual(['default', 'leaked', 'none', 'rlf', 'axes']);
    expect(table?.names?.[3]).toBe('rate-limiter-flexible (`rlf`)');
    expect(table?.head).toEqual(['defense', 'taken over by A5, leaked pairs from 20 addresses', 'quiet: right password denied', 'quiet: stepped up']);
    expect(table?.marks?.[3]).toEqual(['bad', 'good', 'good']);
    expect(table?.marks?.[4]).toEqual(['good', 'bad', 'good']);
  });

  it('stands before everything else, in bold where it is bad, and in color on the page', () => {
    const text = defenseMarkdown(beside, { node: '24', date: '2026-11-28', versions: [] });
    expect(text).toContain('| rate-limiter-flexible (`rlf`) | **40 %** | 0 % | 0 % |');
    expect(text.indexOf('## In short')).toBeLessThan(text.indexOf('## Where a peer is better'));
    expect(text.indexOf('## Where a peer is better')).toBeLessThan(text.indexOf('## Targets'));
    expect(defenseHtml(beside, ['default', 'leaked'])).toContain('<th>rate-limiter-flexible (<code>rlf</code>)</th><td class="bad">40 %</td>');
  });
});
