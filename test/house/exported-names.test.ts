import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { subpaths } from '../../scripts/subpaths.ts';
import { root } from '../support/source-tree.ts';

interface Names {
  readonly values: readonly string[];
  readonly types: readonly string[];
}

/** What each public module exports, by the compiler's eyes. */
function exportedNames(): ReadonlyMap<string, Names> {
  const program = ts.createProgram(subpaths.map(({ source }) => join(root, source)), {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    allowImportingTsExtensions: true,
    noEmit: true,
    noLib: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  return new Map(subpaths.map(({ name, source }) => {
    const file = program.getSourceFile(join(root, source));
    const symbol = file && checker.getSymbolAtLocation(file);
    if (symbol === undefined) throw new Error(`${source} exports nothing`);
    const all = checker.getExportsOfModule(symbol);
    const isValue = (each: ts.Symbol): boolean => ((each.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(each) : each).flags & ts.SymbolFlags.Value) !== 0;
    const sorted = (wanted: boolean): readonly string[] => all.filter((each) => isValue(each) === wanted).map((each) => each.name).sort();
    return [name, { values: sorted(true), types: sorted(false) }];
  }));
}

const names = exportedNames();
const require = createRequire(import.meta.url);

describe('the exported names', () => {
  it('are these; a change of them is a change for every user', async () => {
    const lines = [...names].flatMap(([name, { values, types }]) => [
      name === 'index' ? 'portcullis' : `portcullis/${name}`,
      ...values.map((value) => `  ${value}`),
      ...types.map((type) => `  type ${type}`),
    ]);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('exported-names.txt');
  });

  it.each(subpaths)('of $name are in the build, for import and for require', async ({ name }) => {
    const values = names.get(name)?.values;
    expect(Object.keys((await import(pathToFileURL(join(root, `dist/${name}.js`)).href)) as object).sort()).toEqual(values);
    expect(Object.keys(require(join(root, `dist/${name}.cjs`)) as object).filter((key) => key !== '__esModule').sort()).toEqual(values);
  });
});
