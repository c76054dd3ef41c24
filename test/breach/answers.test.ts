import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { rangeService } from 'portcullis/breach';
import { describe, expect, it } from 'vitest';
import { countOf, rangeReaders, type RangeRows } from '../../src/breach/range-rows.ts';
import { addressOf, rawServer, setup, turnsPass } from './setup.ts';

const { suffix } = addressOf('P@ssw0rd');
const first = `${'0'.repeat(35)}:7`;
const last = `${'F'.repeat(35)}:9`;

/** What `P@ssw0rd` gets when the service answers with these bytes. */
async function verdictFor(body: string) {
  const { server, service } = await setup();
  server.setFault({ kind: 'body', body });
  return service.check({ password: 'P@ssw0rd', budgetMs: 1_000 });
}

// HIBP range protocol: CRLF, no promise of a last line end, padding of count 0, cases either way.
describe('reading the rows of a range', () => {
  it.each([
    ['CRLF between them', `${first}\r\n${suffix}:12\r\n${last}`, 12],
    ['LF between them', `${first}\n${suffix}:12\n${last}\n`, 12],
    ['lower case', `${first}\r\n${suffix.toLowerCase()}:12\r\n`, 12],
    ['a byte order mark before the first', `\ufeff${suffix}:12\r\n${last}`, 12],
    ['a byte order mark before a later one', `${first}\r\n\ufeff${suffix}:12\r\n${last}`, 12],
    ['the wanted one last, with no line end', `${first}\r\n${suffix}:12`, 12],
    ['the only one', `${suffix}:12`, 12],
    ['commas in the count', `${first}\r\n${suffix}:1,234,567\r\n${last}`, 1_234_567],
    ['no count at all', `${first}\r\n${suffix}\r\n${last}`, 1],
    ['blanks at the end', `${first}\r\n${suffix}:12  \r\n${last}`, 12],
    ['another order', `${suffix}:12\r\n${first}\r\n${last}`, 12],
    ['blank lines, prose, an NTLM row, a whole digest and a row without digits between them',
      `\r\n\r\nhello\r\n${'A'.repeat(27)}:3\r\n${'A'.repeat(40)}:3\r\n${'A'.repeat(35)}:\r\n:5\r\n${first}\r\n${suffix}:12\r\n`, 12],
    ['a line of 100,000 characters between them', `${first}\r\n${'x'.repeat(100_000)}\r\n${suffix}:12\r\n${last}`, 12],
    ['a count beyond 32 bits', `${suffix}:99999999999999\r\n`, 4_294_967_295],
  ])('finds the password with %s', async (_, body, count) => {
    expect(await verdictFor(body)).toEqual({ verdict: 'breached', count });
  });

  it.each([
    ['is padding, of count 0', `${first}\r\n${suffix}:0\r\n${last}`],
    ['is padding, of count 0,000', `${first}\r\n${suffix}:0,000\r\n${last}`],
    ['has one digit less', `${first}\r\n${suffix.slice(1)}:12\r\n${last}`],
    ['has one digit more', `${first}\r\n${suffix}0:12\r\n${last}`],
    ['has another 16th digit', `${first}\r\n${suffix.slice(0, 15)}${suffix[15] === '0' ? '1' : '0'}${suffix.slice(16)}:12\r\n${last}`],
    ['is part of a longer line', `${first}\r\nx${suffix}:12\r\n${last}`],
    ['is not there, between two that are', `${first}\r\n${last}`],
  ])('calls the password clean where its row %s', async (_, body) => {
    expect(await verdictFor(body)).toEqual({ verdict: 'clean' });
  });

  it('takes a range of nothing but padding: a small mirror knows nobody of that prefix', async () => {
    expect(await verdictFor(`${'1'.repeat(35)}:0\r\n${'2'.repeat(35)}:0\r\n`)).toEqual({ verdict: 'clean' });
  });

  it.each([
    ['nothing', ''],
    ['a page of HTML', '<!doctype html><title>Welcome to our hotel</title><h1>Please sign in</h1>'],
    ['JSON', '{"status":"ok","rows":[]}'],
    ['prose', 'service temporarily unavailable'],
  ])('does not take %s for a range', async (_, body) => {
    expect(await verdictFor(body)).toEqual({ verdict: 'unknown', reason: 'not-a-range' });
  });

  it('reads 1 MiB and no more, also when the wanted row is in it', async () => {
    const row = `${'A'.repeat(35)}:1\r\n`;
    const rows = `${suffix}:12\r\n${row.repeat(Math.floor((1024 * 1024) / row.length) - 1)}`;
    expect(await verdictFor(rows)).toEqual({ verdict: 'breached', count: 12 });
    expect(await verdictFor(rows + row.repeat(2))).toEqual({ verdict: 'unknown', reason: 'too-large' });
  });

  it('stops an answer that never ends', async () => {
    const server = await rawServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      const chunk = 'x'.repeat(65_536);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    });
    const service = rangeService({ baseUrl: server.url, dangerouslyAllowHttp: true });
    expect(await service.check({ password: 'P@ssw0rd', budgetMs: 5_000 })).toEqual({ verdict: 'unknown', reason: 'too-large' });
    await turnsPass();
    expect(server.requests.map(({ response }) => response.destroyed)).toEqual([true, true]);
  });

  it('takes the 22 hexadecimal digits, and no other byte, at each of the 35 places', () => {
    const good = Buffer.from(`${suffix}:12`, 'latin1');
    const taken = Array.from({ length: 35 }, (_, place) => {
      const row = (byte: number): Buffer => Buffer.concat([good.subarray(0, place), Buffer.from([byte]), good.subarray(place + 1)]);
      const bytes = Array.from({ length: 256 }, (_none, byte) => byte).filter((byte) => readInChunks(row(byte), []) !== undefined);
      return Buffer.from(bytes).toString('latin1');
    });
    expect(new Set(taken)).toEqual(new Set(['0123456789ABCDEFabcdef']));
  });

  it('gives every row of any text the count that a plain reader gives it, however the text is cut into chunks', () => {
    const digits = fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdefABCDEF')), minLength: 34, maxLength: 36 });
    const count = fc.constantFrom('', ':', ':0', ':1', ':12,345', ':00', ':7x', ': 4', ':-1');
    const lineEnd = fc.constantFrom('\n', '\r\n', ' \r\n', '\r', '\n\n');
    const mark = fc.constantFrom('', '', '', '\u00ef\u00bb\u00bf', '\u00ef\u00bb', 'x');
    const line = fc.tuple(mark, digits, count, lineEnd).map((parts) => parts.join(''));
    const body = fc.array(line, { maxLength: 30 }).map((lines) => lines.join(''));
    fc.assert(
      fc.property(body, fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 8 }), (text, cuts) => {
        const expected = plainlyRead(text);
        const rows = readInChunks(Buffer.from(text, 'latin1'), cuts);
        expect(rows === undefined).toBe(expected === undefined);
        for (const [head, counts] of expected ?? []) {
          const count = countOf(rows ?? new Uint32Array(), Number.parseInt(head.slice(0, 8), 16), Number.parseInt(head.slice(8, 16), 16));
          expect(counts).toContain(count);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** The counts by suffix head, as a few lines of string handling find them. Undefined where no row is well-formed. */
function plainlyRead(text: string): ReadonlyMap<string, readonly number[]> | undefined {
  const found = new Map<string, number[]>();
  let wellFormed = false;
  for (const line of text.split('\n')) {
    const row = /^(?:\u00ef\u00bb\u00bf)*([\da-f]{35})(?::(\d[\d,]*))?[\r ]*$/i.exec(line);
    if (row?.[1] === undefined) continue;
    wellFormed = true;
    const count = Number((row[2] ?? '1').replaceAll(',', ''));
    const head = row[1].slice(0, 16).toUpperCase();
    if (count > 0) found.set(head, [...(found.get(head) ?? []), count]);
  }
  return wellFormed ? found : undefined;
}

function readInChunks(body: Buffer, cuts: readonly number[]): RangeRows | undefined {
  const reader = rangeReaders()();
  const edges = [0, ...cuts.filter((cut) => cut < body.length).sort((a, b) => a - b), body.length];
  for (const [index, from] of edges.entries()) reader.feed(body.subarray(from, edges[index + 1] ?? body.length));
  return reader.finish();
}

describe('a whole range, as the service sends it', () => {
  it('gives every one of its passwords its own count', async () => {
    const passwords = new Map(Array.from({ length: 40 }, (_, index) => [`leaked ${index}`, 1 + index * 1_000]));
    const { service } = await setup({ server: { passwords } });
    for (const [password, count] of passwords) {
      expect(await service.check({ password, budgetMs: 1_000 })).toEqual({ verdict: 'breached', count });
    }
    expect(await service.check({ password: createHash('sha1').update('nobody').digest('hex'), budgetMs: 1_000 })).toEqual({ verdict: 'clean' });
  });
});
