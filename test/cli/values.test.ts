import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLines } from '../../src/cli/lines.ts';
import { escapeUnsafe, safeJson, safeLine, safeLines } from '../../src/cli/safe-text.ts';
import { table } from '../../src/cli/table.ts';
import { duration, moment, shownDuration, shownTime } from '../../src/cli/values.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 200 });

describe('texts that are shown', () => {
  it('hold nothing that a terminal obeys, whatever they were', () => {
    fc.assert(fc.property(anyText, (text) => {
      expect(safeLine(text)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      expect(safeLines(text).replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    }));
  });

  it('are cut where they are long, and stay well-formed', () => {
    expect(safeLine('x'.repeat(10_000_000))).toHaveLength(2_000);
    expect(safeLine(`${'x'.repeat(1_998)}\u{1F600}`).isWellFormed()).toBe(true);
    expect(safeLine('\ud800')).toBe('<U+D800>');
    expect(safeLine(undefined)).toBe('undefined');
  });

  it('as JSON say the same', () => {
    fc.assert(fc.property(fc.dictionary(anyText, anyText), (value) => {
      const json = safeJson(value, 2);
      expect(json.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
    }));
    expect(JSON.parse(escapeUnsafe('{"a":"\u{E0001}"}'))).toEqual({ a: '\u{E0001}' });
    expect(safeJson({ count: 5n })).toBe('{"count":"5"}');
  });
});

describe('a moment', () => {
  it('is read as it is written, in any zone', () => {
    expect([moment('2019-10-23'), moment('2019-10-23T18:20Z'), moment('2019-10-23 18:20:05.5 +01:00')]).toEqual([Date.UTC(2019, 9, 23), Date.UTC(2019, 9, 23, 18, 20), Date.UTC(2019, 9, 23, 17, 20, 5, 500)]);
  });

  it.each(['2019-10-23T18:20', '2019-02-29', '2019-13-01', '2019-10-23T25:00Z', '23.10.2019', '1571854800000', 'yesterday', '', '2019-10-23T18:20Z '])('%j is none', (text) => {
    expect(() => moment(text)).toThrow(/Expected a date/);
  });

  it('comes back from what is shown of it', () => {
    fc.assert(fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      const ms = Math.floor(date.getTime() / 1_000) * 1_000;
      expect(moment(shownTime(ms))).toBe(ms);
    }));
    expect(shownTime(Number.NaN)).toBe('unknown');
  });

  it('is a number or a refusal for any text', () => {
    fc.assert(fc.property(fc.oneof(anyText, fc.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})$/)), (text) => {
      try {
        expect(Number.isSafeInteger(moment(text))).toBe(true);
      } catch (error) {
        expect((error as { readonly code?: string }).code).toBe('commander.invalidArgument');
      }
    }));
  });
});

describe('a duration', () => {
  it('has a unit', () => {
    expect(['90s', '30m', '2h', '7 d'].map(duration)).toEqual([90_000, 1_800_000, 7_200_000, 604_800_000]);
    for (const text of ['90', '0s', '-5m', '1.5h', '2w', '', '1e3s', '9999999999s']) expect(() => duration(text)).toThrow(/Expected a time/);
  });

  it('is shown shortly', () => {
    expect([-5, 0, 59_400, 119_000, 3_600_000, 7_200_000, 172_800_000].map(shownDuration)).toEqual(['0 s', '0 s', '59 s', '119 s', '60 min', '2 h', '2 d']);
  });
});

describe('lines', () => {
  it('are the same however the bytes come', () => {
    fc.assert(fc.property(fc.array(fc.string({ maxLength: 30 }).map((text) => text.replaceAll('\n', ' '))), fc.integer({ min: 1, max: 40 }), (texts, size) => {
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join('') + 'rest');
      const lines = createLines(1_000);
      const found: (string | undefined)[] = [];
      for (let at = 0; at < bytes.length; at += size) found.push(...lines.take(bytes.subarray(at, at + size)));
      expect([...found, lines.rest()]).toEqual([...texts, 'rest']);
    }));
  });

  it('that are too long are passed over, and the next one is whole', () => {
    const lines = createLines(10);
    expect([...lines.take(Buffer.from('0123456789\n01234')), ...lines.take(Buffer.from('5678901\nx\n'))]).toEqual(['0123456789', undefined, 'x']);
  });
});

describe('a table', () => {
  it('has columns of equal width and no spaces at the ends', () => {
    expect(table([['a', 'bb', 'c'], ['aaaa', '', ''], ['x', 'y', 'z']])).toBe('a     bb  c\naaaa\nx     y   z');
    expect(table([])).toBe('');
  });
});
