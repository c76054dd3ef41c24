/** Lets a number of jobs run at once. The others wait in line, and may leave it. */
export interface Turns {
  /** Calls `run` when a place is free: now, or later. Returns what takes it out of the line, if it still waits there. */
  enter(run: () => void): () => void;
  /** Ends a turn. The next in line has it. */
  readonly leave: () => void;
}

/** Makes the line. `places` is how many may run at once. */
export function createTurns(places: number): Turns {
  const line = new Set<() => void>();
  let free = places;

  return {
    enter(run) {
      if (free === 0) {
        line.add(run);
      } else {
        free -= 1;
        run();
      }
      return () => {
        line.delete(run);
      };
    },
    leave() {
      const [next] = line;
      if (next === undefined) {
        free += 1;
        return;
      }
      line.delete(next);
      next();
    },
  };
}
