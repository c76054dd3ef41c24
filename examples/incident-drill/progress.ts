/** Says how far the drill is. */
export interface Progress {
  /** Begins a phase. `live` says how it stands; it is asked a few times a second while a person watches, and once at the end. */
  phase<T>(title: string, live: () => string, work: () => Promise<T>): Promise<T>;
  line(text: string): void;
}

const redrawMs = 200;

/** Redraws one line on a terminal; elsewhere prints one line for each phase that is over. */
export function createProgress(out: NodeJS.WriteStream): Progress {
  const startedAt = performance.now();
  const clock = (): string => `${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s`;
  const line = (text: string): void => void out.write(`${text}\n`);

  return {
    line,
    async phase(title, live, work) {
      const draw = (): string => `  ${clock()}  ${title}  ${live()}`;
      const timer = out.isTTY
        ? setInterval(() => {
            out.write(`\r\u001b[2K${draw().slice(0, out.columns - 1)}`);
          }, redrawMs)
        : undefined;
      try {
        const result = await work();
        clearInterval(timer);
        line(`${out.isTTY ? '\r\u001b[2K' : ''}${draw()}`);
        return result;
      } finally {
        clearInterval(timer);
      }
    },
  };
}

/** For drills that nobody watches. */
export const silent: Progress = { line: () => undefined, phase: (_title, _live, work) => work() };
