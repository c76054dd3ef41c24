import { StoreError } from '../../kernel/errors.ts';
import { textIn, type Ask, type Row } from './ask.ts';
import type { Statements } from './statements.ts';

/** Keys of one statement. More wait for the next one. */
const maxKeys = 100;

interface Batch {
  readonly keys: Set<string>;
  readonly rows: Promise<ReadonlyMap<string, Row>>;
}

/**
 * Reads that are asked for in one turn of the program become one statement: a request of somebody who is signed in asks for eight
 * records, a sign-in for thirteen, and the way to the server is what they cost.
 */
export function createReads({ ask, statements, now }: { readonly ask: Ask; readonly statements: Statements; readonly now: () => string | null }): (key: string) => Promise<Row | undefined> {
  let open: Batch | undefined;

  function begin(): Batch {
    const keys = new Set<string>();
    const rows = endOfTurn().then(async () => {
      if (open?.keys === keys) open = undefined;
      return byKey(await ask(statements.read, [[...keys], now()]), keys);
    });
    return { keys, rows };
  }

  return async (key) => {
    if (open === undefined || open.keys.size >= maxKeys) open = begin();
    open.keys.add(key);
    return (await open.rows).get(key);
  };
}

/** After every promise that is settled already has been acted on. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}

function byKey(rows: readonly Row[], keys: ReadonlySet<string>): ReadonlyMap<string, Row> {
  const found = new Map<string, Row>();
  for (const row of rows) {
    const key = textIn(row, 'key');
    if (!keys.has(key) || found.has(key)) throw new StoreError('postgres store: a row that was not asked for, or twice');
    found.set(key, row);
  }
  return found;
}
