import { passwordSketch } from '../../../kernel/evidence.ts';
import { passwordCells, type TagWords } from '../../../kernel/evidence-tags.ts';

/** At how many names each password of today has failed: a count-min sketch (Cormode and Muthukrishnan 2005). No password can be read out of it. */
export interface PasswordSketch {
  /** Names beyond what the noise of all others makes of it. */
  estimate(password: TagWords): number;
  add(password: TagWords): void;
  clear(): void;
  readonly bytes: number;
}

const most = 65_535;

export function createPasswordSketch({ rows, columns } = passwordSketch): PasswordSketch {
  const cells = new Uint16Array(rows * columns);
  let total = 0;

  function least(password: TagWords): number {
    let found = most;
    for (const cell of passwordCells(password)) found = Math.min(found, cells[cell] as number);
    return found;
  }

  return {
    bytes: cells.byteLength,
    // The mean of a row is what a flood of other passwords adds to every cell.
    estimate: (password) => Math.max(0, least(password) - Math.floor(total / columns)),
    add(password) {
      const next = Math.min(most, least(password) + 1);
      total += 1;
      for (const cell of passwordCells(password)) {
        // Only the cells that hold the least: the others have counted too much already (conservative update: Estan and Varghese 2002).
        if ((cells[cell] as number) < next) cells[cell] = next;
      }
    },
    clear() {
      cells.fill(0);
      total = 0;
    },
  };
}
