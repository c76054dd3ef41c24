import fc from 'fast-check';
import { createAttackMonitor, type Alarm, type MonitorMinute, type MonitorSnapshot } from 'portcullis/detect';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { barsPath, chartSize, linePath, niceTop } from '../../examples/shared/live/charts.ts';
import { alarmOfKey, beginningOf, pictureOf, shownAlarms } from '../../examples/shared/live/picture.ts';
import { localPage } from '../../examples/shared/local-pages.ts';
import { livePage } from '../../examples/shared/views/operator-live.ts';

const atMs = Date.UTC(2026, 0, 1, 3, 12, 45);
const user = { id: 'u', email: 'ops@seed.example', name: 'Olu', teamId: 1, teamName: 'Operations', status: 'active', passwordHash: undefined, needsBreachRecheck: false, hasSecondFactor: true, isAdmin: true, isOperator: true } as const;

function minutesOf(counts: Partial<Omit<MonitorMinute, 'atMs'>> = {}): readonly MonitorMinute[] {
  return Array.from({ length: 60 }, (_, at) => ({ atMs: atMs - 45_000 - (59 - at) * 60_000, attempts: 0, failures: 0, challenges: 0, refused: 0, signUps: 0, resets: 0, ...counts }));
}

function alarmOf(alarm: Partial<Alarm> = {}): Alarm {
  const { cause = '192.0.2.1', entered = [] } = alarm;
  return { id: 'one', kind: 'stuffing', oat: 'OAT-008', level: 'attack', sinceMs: atMs - 600_000, lastMs: atMs - 5_000, count: 1_234, cause, sources: ['192.0.2.1'], accounts: { total: 431, ids: [] }, entered, enteredTotal: entered.length, isSpread: cause === 'everywhere', isOver: false, evidence: { networks: 1 }, summary: 'It goes on.', ...alarm };
}

function snapshotOf(parts: Partial<MonitorSnapshot> = {}): MonitorSnapshot {
  return { atMs, level: 'calm', minutes: minutesOf(), sources: [], alarms: [], entered: [], ...parts };
}

const plain = (text: string): string => text;
const entry = (accountId: string) => ({ accountId, atMs: atMs - 700_000, source: '192.0.2.1', knownDevice: false, passwordOnly: true });

describe('the picture of the live page', () => {
  it('is calm where nothing has happened, as the monitor itself says it', () => {
    const monitor = createAttackMonitor({ clock: fakeClock(atMs) });
    const picture = pictureOf(monitor.snapshot(), plain);
    monitor.close();
    expect(picture).toMatchObject({ level: { kind: 'calm', word: 'Calm', sentence: 'Nothing unusual goes on.' }, alarms: [], noAlarms: null, sources: [], noSources: null, chart: { attempts: '', top: '5 a minute' } });
    expect(picture.totals.attempts).toEqual({ hour: '0', recent: '5 min: 0', bars: '' });
  });

  it('says how many came in, and that strangers of everywhere may have', () => {
    const entered = [entry('a'), entry('b'), entry('a')];
    const sentenceOf = (...alarms: readonly Alarm[]): string => pictureOf(snapshotOf({ level: 'attack', alarms }), plain).level.sentence;
    expect(sentenceOf(alarmOf())).toBe('An attack goes on: 1 alarm. Nobody came in.');
    expect(sentenceOf(alarmOf({ entered }))).toBe('An attack goes on: 1 alarm. 2 accounts were entered: contain it.');
    expect(sentenceOf(alarmOf({ entered, cause: 'everywhere' }), alarmOf({ id: 'two' }))).toBe('An attack goes on: 2 alarms. 2 accounts may have been entered: look at them.');
  });

  it('tells an alarm in words, and its containment by a key that names nobody', () => {
    const alarm = alarmOf({ sources: ['192.0.2.1', '2001:db8::/64'], evidence: { networks: 7 }, entered: [entry('ada')] });
    const [item] = pictureOf(snapshotOf({ alarms: [alarm] }), (id) => `${id}@seed.example`).alarms;
    expect(item).toMatchObject({
      title: 'Credential stuffing', oat: 'OAT-008', word: 'Attack', noContain: null,
      what: '1,234 attempts at 431 accounts or names, from 7 networks: 192.0.2.1, 2001:db8::/64 and 5 more',
      since: 'Since 03:02 UTC, 10 min ago. Newest sign 5 s ago.',
      entered: '1 account: ada@seed.example',
    });
    expect(item?.contain).toMatch(/^\/operator\/alarms\/[\w-]{16}\/contain$/);
    // Whoever has to prove first that it is they comes back to it.
    expect([item?.contain, '/operator/live', '/operator/live/stream'].map(localPage)).toEqual([item?.contain, '/operator/live', '/operator/live']);
    expect(alarmOfKey(snapshotOf({ alarms: [alarm] }), item?.key ?? '')).toBe(alarm);
    expect(alarmOfKey(snapshotOf({ alarms: [alarm] }), 'one')).toBeUndefined();
    // Whoever came in before the first sign is looked for as well.
    expect(beginningOf(alarm)).toBe('2026-01-01T03:01');
  });

  it('has the most urgent first, what is over last, and no more than a person can read', () => {
    const over = alarmOf({ id: 'over', kind: 'brute-force', lastMs: atMs - 60_000, isOver: true, entered: [entry('a')] });
    const entered = alarmOf({ id: 'entered', kind: 'many-accounts', level: 'elevated', entered: [entry('a')] });
    const many = Array.from({ length: 97 }, (_, at) => alarmOf({ id: `many-${at}` }));
    const { alarms } = pictureOf(snapshotOf({ alarms: [over, ...many, entered] }), plain);
    expect(alarms).toHaveLength(shownAlarms);
    expect(alarms[0]?.title).toBe('Several accounts entered from one source');
    expect(pictureOf(snapshotOf({ alarms: [over, entered] }), plain).alarms.map(({ word }) => word)).toEqual(['Elevated', 'Over']);
  });

  it('leads nowhere where there is no attack to contain', () => {
    const [item] = pictureOf(snapshotOf({ alarms: [alarmOf({ kind: 'no-address', sources: [], cause: 'everywhere' })] }), plain).alarms;
    expect(item).toMatchObject({ noContain: '', advice: expect.stringContaining('proxy') as string });
  });

  it('is small, however large the attack is', () => {
    const entered = Array.from({ length: 1_000 }, (_, at) => entry(`account-${at}-${'x'.repeat(200)}`));
    const alarms = Array.from({ length: 100 }, (_, at) => alarmOf({ id: `alarm-${at}`, entered, sources: Array.from({ length: 20 }, (_each, host) => `192.0.2.${host}`) }));
    const big = minutesOf({ attempts: 4_000_000_000, failures: 4_000_000_000, challenges: 1, refused: 7, signUps: 7, resets: 7 });
    expect(JSON.stringify(pictureOf(snapshotOf({ alarms, minutes: big }), plain)).length).toBeLessThan(60_000);
  });

  // ASVS 5.0 1.2.1
  it('puts nothing of what strangers have typed into the page as markup', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      const hostile = `"'><img src=x onerror=alert(1)>${text}</template></script>`;
      const alarm = alarmOf({ id: hostile, cause: hostile, sources: [hostile], entered: [entry('a')], evidence: { [hostile]: hostile } });
      const page = livePage({ user, picture: pictureOf(snapshotOf({ level: 'attack', alarms: [alarm], sources: [{ network: hostile, accounts: 3 }] }), () => hostile) });
      expect(page).not.toContain('<img src=x');
      expect(page.match(/<template>/g)).toHaveLength(2);
      expect(page.match(/<\/template>/g)).toHaveLength(2);
      expect(page.match(/<script/g)).toHaveLength(1);
    }));
  });

  it('survives times and figures that are none', () => {
    for (const odd of [NaN, Infinity, -1, 8.64e15 + 1, 0.5]) {
      const alarm = alarmOf({ sinceMs: odd, lastMs: odd, count: odd, entered: [{ ...entry('a'), atMs: odd }], evidence: { networks: 'many' } });
      expect(() => livePage({ user, picture: pictureOf(snapshotOf({ atMs: odd, alarms: [alarm] }), plain) })).not.toThrow();
      expect(() => beginningOf(alarm)).not.toThrow();
    }
  });
});

describe('the charts of the live page', () => {
  const counts = fc.array(fc.nat({ max: 10_000 }), { minLength: 60, maxLength: 60 });
  const numbersIn = (path: string): readonly number[] => (path.match(/-?[\d.]+/g) ?? []).map(Number);

  it('stay in their frame, whatever is counted', () => {
    fc.assert(fc.property(counts, fc.nat({ max: 59_999 }), (each, laterMs) => {
      const minutes = minutesOf().map((minute, at) => ({ ...minute, attempts: each[at] ?? 0 }));
      const part = { minutes, field: 'attempts', atMs: atMs - 45_000 + laterMs, top: niceTop(Math.max(...each)) } as const;
      const bars = barsPath(part);
      expect(bars === '' || /^(M[\d.]+ 160V[\d.]+H[\d.]+V160Z)+$/.test(bars)).toBe(true);
      expect((bars.match(/M/g) ?? []).length).toBe(each.filter((count) => count > 0).length);
      for (const [, y = 0] of bars.matchAll(/V([\d.]+)H/g)) expect([Number(y) >= 0, Number(y) <= chartSize.height - 2]).toEqual([true, true]);
      const line = numbersIn(linePath(part));
      expect(line).toHaveLength(120);
      for (const [at, value] of line.entries()) expect(value >= 0 && value <= (at % 2 === 0 ? chartSize.width + 12 : chartSize.height)).toBe(true);
    }));
  });

  it('move with every look, and not by the minute alone', () => {
    const part = { minutes: minutesOf({ attempts: 3 }), field: 'attempts', top: 5 } as const;
    const lefts = [0, 2_000, 4_000].map((laterMs) => numbersIn(barsPath({ ...part, atMs: atMs + laterMs }))[0] ?? 0);
    expect(lefts.map((left) => left - (lefts[0] ?? 0)).map((moved) => Math.round(moved * 10) / 10)).toEqual([0, -0.4, -0.8]);
  });

  it.each([[0, 5], [5, 5], [6, 10], [11, 20], [21, 50], [51, 100], [999, 1_000], [1_001, 2_000]])('have room for %i below %i', (most, top) => {
    expect(niceTop(most)).toBe(top);
  });
});
