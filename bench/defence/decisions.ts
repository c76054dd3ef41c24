import { createHash } from 'node:crypto';
import type { Alarm } from './policy.ts';

/** All that a policy decided and told, in order, as one digest: two runs with the same one decided alike each time. */
export interface Decisions {
  /** What an attempt or a probe came to. */
  readonly decided: (outcome: unknown) => void;
  readonly alarmed: (alarm: Alarm) => void;
  /** SHA-256, hex. Asked for once, at the end. */
  readonly digest: () => string;
}

/** A hash takes as long for a line as for a hundred of them. */
const linesAtOnce = 256;

export function makeDecisions(): Decisions {
  const hash = createHash('sha256');
  let lines: string[] = [];

  function note(line: string): void {
    lines.push(line);
    if (lines.length === linesAtOnce) flush();
  }
  function flush(): void {
    hash.update(lines.join(''));
    lines = [];
  }

  return {
    decided: (outcome) => {
      note(`${JSON.stringify(outcome)}\n`);
    },
    alarmed: ({ atMs, kind, because = '' }) => {
      note(`alarm ${atMs} ${kind} ${because}\n`);
    },
    digest: () => {
      flush();
      return hash.digest('hex');
    },
  };
}
