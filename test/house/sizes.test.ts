import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { place, sourceFiles, walk, type SourceFile } from '../support/source-tree.ts';

const maxFileLines = 300;
const maxFunctionLines = 60;

const files = sourceFiles('src/**/*.ts');

function linesOf(file: SourceFile, node: ts.Node): number {
  const line = (position: number): number => file.ast.getLineAndCharacterOfPosition(position).line;
  return line(node.end) - line(node.getStart(file.ast)) + 1;
}

function longFunctions(file: SourceFile): readonly string[] {
  const found: string[] = [];
  walk(file.ast, (node) => {
    if (ts.isFunctionLike(node) && 'body' in node && linesOf(file, node) > maxFunctionLines) found.push(`${place(file, node)} ${linesOf(file, node)} lines`);
  });
  return found;
}

describe('sizes', () => {
  it(`no file of src is longer than ${maxFileLines} lines`, () => {
    expect(files.filter(({ text }) => text.split('\n').length - 1 > maxFileLines).map(({ path }) => path)).toEqual([]);
  });

  it(`no function of src is longer than ${maxFunctionLines} lines`, () => {
    expect(files.flatMap(longFunctions)).toEqual([]);
  });

  it('are measured by this test', () => {
    const text = `export function long() {\n${'  step();\n'.repeat(maxFunctionLines)}}\n`;
    const file = { path: 'long.ts', text, ast: ts.createSourceFile('long.ts', text, ts.ScriptTarget.ESNext, true) };
    expect(longFunctions(file)).toEqual([`long.ts:1 ${maxFunctionLines + 2} lines`]);
  });
});
