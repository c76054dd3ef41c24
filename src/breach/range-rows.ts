/**
 * The rows of one range, for lookups: for each row three words, the first 64 of its suffix's 140 bits (as two) and its
 * count, ordered by suffix. Half of a suffix is enough to tell 2,000 rows apart and is no longer anybody's SHA-1.
 */
export type RangeRows = Uint32Array;

/** Reads the body of a range answer as it comes in. */
export interface RangeReader {
  /** Takes the next bytes. Answers false once there are more than the cap; nothing after that is read. */
  feed(chunk: Buffer): boolean;
  /** Ends the body. Undefined when not a single row was in it: then it was no range. */
  finish(): RangeRows | undefined;
}

const suffixChars = 35;
const wordsPerRow = 3;
const maxBodyBytes = 1024 * 1024;
/** A row has about 40 bytes. A line longer than this is malformed, and is not kept while its end is awaited. */
const maxLineBytes = 256;
/** Room for a usual range, so that reading it does not begin with growing: 2,000 rows and up to 209 of padding. */
const usualRows = 2560;
const maxCount = 0xffff_ffff;
const noRows = new Uint32Array(0);
/** Spare tables kept; there are as many readers at once as there are connections. */
const maxSpare = 16;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const comma = 0x2c;
const zero = 0x30;
const colon = 0x3a;
const byteOrderMark = [0xef, 0xbb, 0xbf] as const;

/** The value of each byte as a hexadecimal digit, of either case; -1 for any other byte. */
const hexValue = Int32Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? -1 : value;
});

/** Rows as they are found. `wellFormed` counts the padding too. */
interface RowTable {
  rows: Uint32Array;
  used: number;
  wellFormed: number;
}

/**
 * Makes what makes readers. They share their scratch tables: allocating one for each answer makes the collector run once
 * every 200 answers.
 */
export function rangeReaders(): () => RangeReader {
  const spare: Uint32Array[] = [];
  return () => createRangeReader(spare);
}

/**
 * A row is 35 hexadecimal digits, then either the end of the line (counted as 1, as Ory Kratos does) or a
 * colon and a count, in which commas are allowed; lines end in LF or CRLF, the last one may end with the body. Other
 * lines are passed over. Rows of count 0 are padding: well-formed, and dropped. The bytes are read where they lie: making
 * strings of them takes ten times as long as receiving them.
 */
function createRangeReader(spare: Uint32Array[]): RangeReader {
  const table: RowTable = { rows: noRows, used: 0, wellFormed: 0 };
  let totalBytes = 0;
  let carry = Buffer.alloc(0);

  return {
    feed(chunk) {
      totalBytes += chunk.length;
      if (totalBytes > maxBodyBytes) return false;
      if (table.rows === noRows) table.rows = spare.pop() ?? new Uint32Array(usualRows * wordsPerRow);
      const firstEnd = afterLine(chunk, 0);
      const lastEnd = chunk.lastIndexOf(lineFeed) + 1;
      // Copied, because the bytes belong to the socket; cut, because a line may never end.
      carry = Buffer.concat([carry, chunk.subarray(0, firstEnd)]).subarray(0, maxLineBytes + 1);
      if (lastEnd > 0) {
        readLines(carry, table);
        readLines(chunk.subarray(firstEnd, lastEnd), table);
        carry = Buffer.from(chunk.subarray(lastEnd, lastEnd + maxLineBytes + 1));
      }
      return true;
    },
    finish() {
      readLines(carry, table);
      const rows = table.rows.slice(0, table.used);
      if (table.rows.length === usualRows * wordsPerRow && spare.length < maxSpare) spare.push(table.rows);
      return table.wellFormed === 0 ? undefined : ordered(rows);
    },
  };
}

/** Reads bytes that begin at the start of a line and end at the end of one (or with the body). */
function readLines(bytes: Buffer, table: RowTable): void {
  makeRoom(table, Math.ceil(bytes.length / (suffixChars + 1)));
  const { rows } = table;
  let { used } = table;
  for (let at = 0; at < bytes.length; ) {
    const afterSuffix = at + suffixChars;
    const end = afterSuffix <= bytes.length && isSuffix(bytes, at) ? endOfRow(bytes, afterSuffix) : -1;
    if (end < 0 || end - at > maxLineBytes) {
      at = hasByteOrderMark(bytes, at) ? at + byteOrderMark.length : afterLine(bytes, at);
      continue;
    }
    table.wellFormed += 1;
    const count = countIn(bytes, afterSuffix, end);
    if (count > 0) {
      rows[used] = hexWord(bytes, at);
      rows[used + 1] = hexWord(bytes, at + 8);
      rows[used + 2] = count;
      used += wordsPerRow;
    }
    at = end + 1;
  }
  table.used = used;
}

function makeRoom(table: RowTable, moreRows: number): void {
  const needed = table.used + moreRows * wordsPerRow;
  if (needed <= table.rows.length) return;
  const grown = new Uint32Array(Math.max(needed, table.rows.length * 2));
  grown.set(table.rows);
  table.rows = grown;
}

/** The count of a suffix, of which the first 64 bits are given as two words; 0 when it is not among the rows. */
export function countOf(rows: RangeRows, high: number, low: number): number {
  let from = 0;
  let to = rows.length / wordsPerRow;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const order = compare(rows, middle * wordsPerRow, high, low);
    if (order === 0) return rows[middle * wordsPerRow + 2] as number;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return 0;
}

/** Below 0 where the row at `at` comes before the head, 0 where it has it, above 0 where it comes after. */
function compare(rows: RangeRows, at: number, high: number, low: number): number {
  return (rows[at] as number) - high || (rows[at + 1] as number) - low;
}

/** The same rows by suffix. The service sends them so; a mirror may not, and a search in unordered rows finds nothing. */
function ordered(rows: RangeRows): RangeRows {
  let inOrder = true;
  for (let at = wordsPerRow; inOrder && at < rows.length; at += wordsPerRow) {
    inOrder = compare(rows, at - wordsPerRow, rows[at] as number, rows[at + 1] as number) <= 0;
  }
  if (inOrder) return rows;
  const starts = Array.from({ length: rows.length / wordsPerRow }, (_, row) => row * wordsPerRow);
  starts.sort((left, right) => compare(rows, left, rows[right] as number, rows[right + 1] as number));
  return Uint32Array.from(starts.flatMap((at) => [...rows.subarray(at, at + wordsPerRow)]));
}

/** Whether 35 hexadecimal digits begin there. */
function isSuffix(bytes: Buffer, from: number): boolean {
  let all = 0;
  for (let at = from; at < from + suffixChars; at += 1) all |= hexValue[bytes[at] as number] as number;
  return all >= 0;
}

/** Eight hexadecimal digits as 32 bits (signed here; the table they go to is not). Unrolled: this is most of a lookup. */
function hexWord(bytes: Buffer, from: number): number {
  return (fourDigits(bytes, from) << 16) | fourDigits(bytes, from + 4);
}

function fourDigits(bytes: Buffer, at: number): number {
  const first = hexValue[bytes[at] as number] as number;
  const second = hexValue[bytes[at + 1] as number] as number;
  const third = hexValue[bytes[at + 2] as number] as number;
  const fourth = hexValue[bytes[at + 3] as number] as number;
  return (first << 12) | (second << 8) | (third << 4) | fourth;
}

/** Where the row ends whose suffix ended at `from`: its line feed, or the end of the bytes. -1 where it is no row. */
function endOfRow(bytes: Buffer, from: number): number {
  let at = from;
  if (at < bytes.length && bytes[at] === colon) {
    at += 1;
    if (at >= bytes.length || !isDigit(bytes[at] as number)) return -1;
    while (at < bytes.length && (isDigit(bytes[at] as number) || bytes[at] === comma)) at += 1;
  }
  while (at < bytes.length && (bytes[at] === carriageReturn || bytes[at] === space)) at += 1;
  return at >= bytes.length || bytes[at] === lineFeed ? at : -1;
}

/** The count between a row's suffix and its end; 1 where there is none. */
function countIn(bytes: Buffer, from: number, to: number): number {
  if (from >= to || bytes[from] !== colon) return 1;
  let count = 0;
  for (let at = from + 1; at < to; at += 1) {
    const byte = bytes[at] as number;
    if (isDigit(byte)) count = count * 10 + byte - zero;
  }
  return Math.min(count, maxCount);
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= zero + 9;
}

function hasByteOrderMark(bytes: Buffer, from: number): boolean {
  return bytes[from] === byteOrderMark[0] && bytes[from + 1] === byteOrderMark[1] && bytes[from + 2] === byteOrderMark[2];
}

function afterLine(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(lineFeed, from);
  return end < 0 ? bytes.length : end + 1;
}
