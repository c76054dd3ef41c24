import { systemClock } from '../kernel/clock.ts';
import { grouped } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface Progress {
  /** `done` undefined: it is one thing. `of` undefined: nobody knows how many there are. */
  tell(step: string, done?: number, of?: number): void;
  /** Takes the line away. */
  end(): void;
}

const barChars = 24;
const redrawMs = 80;

/** A bar on stderr where that is a terminal; nothing at all where it is a file or a pipe. */
export function createProgress(terminal: Terminal): Progress {
  let drawnMs = -Infinity;
  let drawn = false;
  let current = '';
  return {
    tell(step, done, of) {
      if (!terminal.animated) return;
      const nowMs = systemClock.monotonicMs();
      if (step === current && nowMs - drawnMs < redrawMs && done !== of) return;
      drawnMs = nowMs;
      drawn = true;
      current = step;
      terminal.redraw(lineOf(step, done, of));
    },
    end() {
      if (drawn) terminal.redraw('');
      drawn = false;
    },
  };
}

function lineOf(step: string, done: number | undefined, of: number | undefined): string {
  if (done === undefined) return `${step} ...`;
  if (of === undefined || of <= 0) return `${step} ${grouped(done)}`;
  const share = Math.min(1, Math.max(0, done / of));
  const full = Math.round(share * barChars);
  return `${step} [${'#'.repeat(full)}${'.'.repeat(barChars - full)}] ${Math.floor(share * 100)}% ${grouped(done)} of ${grouped(of)}`;
}
