import { readdir } from 'node:fs/promises';
import type { Bench } from './row.ts';

const rowsFolder = new URL('rows/', import.meta.url);

/**
 * Every bench of a folder (default bench/rows), by the name of its file. A file that cannot be loaded, or exports no
 * bench, is a bench that fails when it is run: the others can still be measured. Throws where an id is taken twice.
 */
export async function loadBenches(folder = rowsFolder): Promise<readonly Bench[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort();
  return distinct(await Promise.all(files.map((name) => loadBench(name, folder))));
}

async function loadBench(name: string, folder: URL): Promise<Bench> {
  try {
    const { bench } = (await import(new URL(name, folder).href)) as { readonly bench?: Partial<Bench> };
    if (bench?.rows === undefined) throw new TypeError('expected an export "bench" with the ids of its rows');
    return bench as Bench;
  } catch (error) {
    const id = name.slice(0, -'.ts'.length);
    return { id, title: `${id} (could not be loaded)`, rows: [], run: () => Promise.reject(error instanceof Error ? error : new Error(String(error))) };
  }
}

/** The benches as they are, or a throw: `--only` and the JSON tell benches and rows apart by id alone. */
export function distinct(benches: readonly Bench[]): readonly Bench[] {
  const seen = new Set<string>();
  for (const { id, rows } of benches) {
    for (const name of [id, ...rows.filter((row) => row !== id)]) {
      if (seen.has(name)) throw new TypeError(`bench: the id "${name}" is taken twice`);
      seen.add(name);
    }
  }
  return benches;
}
