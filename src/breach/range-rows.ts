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

/** Where the last four of 35 digits begin. They are read four at a time, and the last four overlap with those before. */
const lastWord = suffixChars - 4;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const comma = 0x2c;
const zero = 0x30;
const colon = 0x3a;
const byteOrderMark = [0xef, 0xbb, 0xbf] as const;

/** Rows as they are found. `wellFormed` counts the padding too; `count` is that of the row just read. */
interface RowTable {
  rows: Uint32Array;
  used: number;
  wellFormed: number;
  count: number;
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
  const table: RowTable = { rows: noRows, used: 0, wellFormed: 0, count: 0 };
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
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let { used } = table;
  for (let at = 0; at < bytes.length; ) {
    const afterSuffix = at + suffixChars;
    const end = afterSuffix <= bytes.length && isSuffix(words, at) ? endOfRow(bytes, afterSuffix, table) : -1;
    if (end < 0 || end - at > maxLineBytes) {
      at = hasByteOrderMark(bytes, at) ? at + byteOrderMark.length : afterLine(bytes, at);
      continue;
    }
    table.wellFormed += 1;
    if (table.count > 0) {
      rows[used] = (fourDigits(words, at) << 16) | fourDigits(words, at + 4);
      rows[used + 1] = (fourDigits(words, at + 8) << 16) | fourDigits(words, at + 12);
      rows[used + 2] = table.count;
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

/** Whether 35 hexadecimal digits begin there, of either case. Four are judged at once, unrolled: this is most of a lookup. */
function isSuffix(words: DataView, at: number): boolean {
  const first = strayBits(words.getInt32(at)) | strayBits(words.getInt32(at + 4)) | strayBits(words.getInt32(at + 8));
  const second = strayBits(words.getInt32(at + 12)) | strayBits(words.getInt32(at + 16)) | strayBits(words.getInt32(at + 20));
  const third = strayBits(words.getInt32(at + 24)) | strayBits(words.getInt32(at + 28)) | strayBits(words.getInt32(at + lastWord));
  return ((first | second | third) & 0x80808080) === 0;
}

/**
 * Bit 7 of each of four bytes that is no hexadecimal digit. The sums of a byte above 0x7f may carry into its neighbour and
 * spoil that one's verdict, but the byte itself is always found.
 */
function strayBits(word: number): number {
  const folded = word | 0x20202020;
  // The sums set bit 7 of what is at least the first of a kind, and of what is above the last: 0 to 9, then a to f.
  const digit = (word + 0x50505050) & ~(word + 0x46464646);
  const letter = (folded + 0x1f1f1f1f) & ~(folded + 0x19191919);
  return ~(digit | letter);
}

/** Four hexadecimal digits as 16 bits. The low half of a digit's byte is its value, of a letter's its value less 9. */
function fourDigits(words: DataView, at: number): number {
  const word = words.getInt32(at);
  const values = (word & 0x0f0f0f0f) + ((word >>> 6) & 0x01010101) * 9;
  const pairs = values | (values >>> 4);
  return ((pairs >>> 8) & 0xff00) | (pairs & 0xff);
}

/**
 * Where the row ends whose suffix ended at `from`: its line feed, or the end of the bytes; -1 where it is no row. Its count
 * is left in the table: 1 where there is none.
 */
function endOfRow(bytes: Buffer, from: number, table: RowTable): number {
  let at = from;
  let count = 1;
  if (at < bytes.length && bytes[at] === colon) {
    count = 0;
    for (at += 1; at < bytes.length; at += 1) {
      const digit = (bytes[at] as number) - zero;
      if (digit >= 0 && digit <= 9) count = count * 10 + digit;
      else if (bytes[at] !== comma || at === from + 1) break;
    }
    if (at === from + 1) return -1;
  }
  while (at < bytes.length && (bytes[at] === carriageReturn || bytes[at] === space)) at += 1;
  table.count = Math.min(count, maxCount);
  return at >= bytes.length || bytes[at] === lineFeed ? at : -1;
}

function hasByteOrderMark(bytes: Buffer, from: number): boolean {
  return bytes[from] === byteOrderMark[0] && bytes[from + 1] === byteOrderMark[1] && bytes[from + 2] === byteOrderMark[2];
}

function afterLine(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(lineFeed, from);
  return end < 0 ? bytes.length : end + 1;
}
