// Control, format (bidi overrides), surrogate, private and unassigned characters, and the two separators that are read as a new line.
const unsafe = /[\p{C}\p{Zl}\p{Zp}]/gu;
const maxChars = 2_000;

/**
 * One line that cannot color a terminal, move its cursor or read differently from what it is: reasons, ids and log files are
 * anybody's text. Unsafe characters become `<U+001B>`; a long text is cut.
 */
export function safeLine(value: unknown): string {
  const text = typeof value === 'string' ? value : String(value);
  const short = text.length > maxChars ? `${text.slice(0, maxChars - 1)}…` : text;
  return short.replace(unsafe, (char) => `<U+${hex(char)}>`);
}

/** The same for a text of several lines. */
export function safeLines(value: string): string {
  return value.split('\n').map((line) => safeLine(line.replaceAll('\t', '  '))).join('\n');
}

/** JSON in which nothing but ASCII that can be seen stands for anything unsafe. */
export function safeJson(value: unknown, indent?: number): string {
  return escapeUnsafe(JSON.stringify(value, plain, indent));
}

/** JSON text as it is, fit for a terminal. Outside of strings JSON has no such characters but white space. */
export function escapeUnsafe(json: string): string {
  return json.replace(unsafe, (char) => (char === '\n' ? char : Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')));
}

/** JSON has neither, and a command must not end in a TypeError because a part answered one. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function hex(char: string): string {
  return (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
