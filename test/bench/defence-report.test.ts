import { describe, expect, it } from 'vitest';
import { attackerIds } from '../../bench/defence/attackers/attack.ts';
import type { RunResult } from '../../bench/defence/result.ts';
import { chartPicture } from '../../bench/defence/report/chart.ts';
import { defenseHtml } from '../../bench/defence/report/html.ts';
import { placeLabels } from '../../bench/defence/report/labels.ts';
import { defenseMarkdown } from '../../bench/defence/report/markdown.ts';
import { chartsOf } from '../../bench/defence/report/points.ts';
import { standardTables, variantTables } from '../../bench/defence/report/tables.ts';
import { targetRows } from '../../bench/defence/targets.ts';
import { detectionText, percent, percentRange, span } from '../../bench/defence/summary.ts';
import { result } from './defence-support.ts';

const rowsOf = (results: readonly RunResult[], what: string) => targetRows(results).filter((row) => row.what === what);

describe('the targets', () => {
  it('are met where the median is low enough, and missed where it is not', () => {
    const runs = [0, 0.004, 0.2].map((takeoverShare, seed) => result({ seed, takeoverShare }));
    expect(rowsOf(runs, 'A5: takeover share')[0]).toEqual({ what: 'A5: takeover share', policy: 'leaked', goal: 'median at most 0.5 %', measured: '0.4 %, worst 20 %', met: true });
    expect(rowsOf(runs.slice(1), 'A5: takeover share')[0]?.met).toBe(false);
  });

  it('look at the worst seed where that was promised', () => {
    const runs = [0, 0, 0.03].map((takeoverShare, seed) => result({ seed, attacker: 'A6', takeoverShare }));
    expect(rowsOf(runs, 'A6: takeover share')[0]?.met).toBe(false);
  });

  it('say in how many seeds there was anything to take over, where not in all', () => {
    const runs = [0, null, 0.002, null].map((takeoverShare, seed) => result({ seed, takeoverShare }));
    expect(rowsOf(runs, 'A5: takeover share')[0]).toMatchObject({ measured: '0.1 %, worst 0.2 %; in 2 of 4 seeds anything could be taken over', met: true });
    expect(rowsOf(runs.slice(1, 2), 'A5: takeover share')[0]).toMatchObject({ measured: 'not measured', met: null });
  });

  it('take a seed without an alarm for one that never had one', () => {
    const runs = [12_000, null, null].map((detectionMs, seed) => result({ seed, detectionMs }));
    expect(rowsOf(runs, 'A5: first alarm')[0]).toMatchObject({ measured: 'never', met: false });
  });

  it('count enumeration from its first probe', () => {
    const probedMs = 9 * 86_400_000 + 36_900_000;
    const run = result({ attacker: 'A8', detectionByKind: { enumeration: probedMs + 27_000 } });
    expect(rowsOf([run], 'A8: enumeration found, from its first probe')[0]).toMatchObject({ measured: '27 s', met: true });
  });

  it('allow not one known browser in ten seeds to be asked', () => {
    const runs = Array.from({ length: 10 }, (_, seed) => result({ seed, attacker: 'legit' }));
    (runs[3] as RunResult).overall.known.stepUps = 1;
    expect(rowsOf(runs, 'Quiet: known browsers denied or stepped up, all seeds').find(({ policy }) => policy === 'leaked')).toMatchObject({ measured: '1 sessions', met: false });
  });

  it('measure shared addresses against everybody', () => {
    const run = result({});
    Object.assign((run.inWindow as RunResult['overall']).all, { sessions: 1_000, stepUps: 10 });
    Object.assign((run.inWindow as RunResult['overall']).cgnat, { sessions: 100, stepUps: 3 });
    expect(rowsOf([run], 'A5, its window: CGNAT and mobile users hurt, beside the average')[0]).toMatchObject({ measured: '3.00x', met: false });
  });

  it('say so where a run does not hold what is asked for', () => {
    expect(targetRows([]).every(({ met, measured }) => met === null && measured === 'not measured')).toBe(true);
  });
});

describe('figures in words', () => {
  it.each([[0, '0 %'], [0.00034, '0.03 %'], [0.0096, '0.96 %'], [0.1234, '12.3 %'], [1, '100 %']])('%d is %s', (share, text) => {
    expect(percent(share)).toBe(text);
  });

  it('have the range of the seeds where there is one', () => {
    expect(percentRange({ median: 0.12, least: 0, most: 0.5, count: 3 })).toBe('12 % [0 to 50]');
    expect(percentRange({ median: 0.12, least: 0.12, most: 0.12, count: 3 })).toBe('12 %');
    expect(percentRange(undefined)).toBe('-');
  });

  it('have the unit that suits a time, and say how many seeds saw an alarm', () => {
    expect([800, 18_000, 1_020_000, 5_520_000, 9_000_000, 320_000_000].map(span)).toEqual(['0.8 s', '18 s', '17 min', '92 min', '2.5 h', '3.7 d']);
    expect(detectionText([result({}), result({}), result({ detectionMs: null })])).toBe('12 s (2 of 3)');
    expect(detectionText([result({ detectionMs: null })])).toBe('never (0 of 1)');
  });
});

const some = ['leaked', 'none', 'auth0+leaked'].flatMap((policy) => (['legit', 'A2', 'A5', 'A8', 'A9', 'A10'] as const).map((attacker) => result({ policy, attacker, takeoverShare: attacker === 'A5' ? 0.5 : null })));

describe('the report', () => {
  it('has every policy in every table of the standard world', () => {
    for (const { head, rows } of standardTables(some)) {
      expect(rows.map(([policy]) => policy)).toEqual(['leaked', 'none', 'auth0+leaked']);
      expect(rows.every((row) => row.length === head.length)).toBe(true);
    }
  });

  it('has a table for each other world', () => {
    expect(variantTables([...some, result({ scenario: 'mailbox-7' })]).map(({ title }) => title)).toEqual(['Variant mailbox-7']);
  });

  it('stands in Markdown with its targets, its picture and its assumptions', () => {
    const text = defenseMarkdown(some, { node: '24.21.0', date: '2026-11-25', versions: [{ name: 'rate-limiter-flexible', version: '11.4.0' }] });
    expect(text).toContain('with rate-limiter-flexible 11.4.0');
    expect(text).toContain('(DEFENCE.svg)');
    expect(text).toContain('| A5: takeover share | leaked | median at most 0.5 % | 50 %, worst 50 % | **no** |');
    expect(text).toContain('An attacker never passes a mailed step-up.');
    for (const id of attackerIds) expect(text).toMatch(new RegExp(`^\\| ${id} \\| \\w`, 'm'));
  });

  it('is one page without scripts or requests, and shows what a name says as text', () => {
    const page = defenseHtml([...some, result({ policy: '<b>odd</b>' })], ['leaked']);
    expect(page).not.toMatch(/<script|https?:|@import|url\(/);
    expect(page).not.toContain('<b>odd');
    expect(page).toContain('prefers-color-scheme: dark');
  });

  it('has a point for each policy in the picture of an attack that takes accounts', () => {
    const [chart, ...others] = chartsOf(some, ['leaked']);
    expect(others).toEqual([]);
    expect(chart).toEqual({ attacker: 'A5', points: [{ policy: 'leaked', kind: 'ours', harmed: 0.02, taken: 0.5 }, { policy: 'none', kind: 'peer', harmed: 0.02, taken: 0.5 }, { policy: 'auth0+leaked', kind: 'peer with list', harmed: 0.02, taken: 0.5 }] });
    expect(chartPicture(chartsOf(some, ['leaked'])).match(/<circle/g)).toHaveLength(6);
  });
});

describe('the names in a picture', () => {
  const room = { left: 0, right: 480, top: 0, bottom: 280 };

  it('stay inside of it and cover no other name, also where many points lie close', () => {
    const points = Array.from({ length: 9 }, (_, nth) => ({ name: `policy${nth}`, ours: nth % 3 === 0, x: 20 + nth * 50, y: nth % 2 === 0 ? 8 : 270 }));
    const boxes = placeLabels(points, points, room).map(({ box }) => box);
    expect(boxes).toHaveLength(9);
    for (const [place, one] of boxes.entries()) {
      expect(one.left >= 0 && one.right <= 480 && one.top >= 0 && one.bottom <= 280).toBe(true);
      for (const other of boxes.slice(place + 1)) expect(one.right <= other.left || other.right <= one.left || one.bottom <= other.top || other.bottom <= one.top).toBe(true);
    }
  });

  it('share a label where their points cannot be told apart', () => {
    const points = ['none', 'erl', 'devise'].map((name) => ({ name, ours: false, x: 100, y: 100 }));
    expect(placeLabels(points, points, room).map(({ lines }) => lines)).toEqual([['none, erl', 'devise']]);
  });
});
