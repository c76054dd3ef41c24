const newlineByte = 10;

export interface Lines {
  /** The lines that end in this chunk. Undefined stands for one that is too long, which is not kept in memory. */
  take(chunk: Buffer): Generator<string | undefined>;
  /** What stands after the last new line; `''` for nothing. */
  rest(): string | undefined;
}

/** Puts lines together that do not end where a chunk does. */
export function createLines(maxBytes: number): Lines {
  let parts: Buffer[] = [];
  let size = 0;
  const add = (part: Buffer): void => {
    size += part.length;
    if (size > maxBytes) parts = [];
    else parts.push(Buffer.from(part));
  };
  const taken = (): string | undefined => {
    const line = size > maxBytes ? undefined : Buffer.concat(parts).toString('utf8');
    parts = [];
    size = 0;
    return line;
  };
  return {
    *take(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(newlineByte); end !== -1; end = chunk.indexOf(newlineByte, start)) {
        add(chunk.subarray(start, end));
        start = end + 1;
        yield taken();
      }
      add(chunk.subarray(start));
    },
    rest: taken,
  };
}
