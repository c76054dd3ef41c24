import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ts from 'typescript';

/** The folder of package.json. */
export const root = resolve(import.meta.dirname, '../..');

export interface SourceFile {
  /** From the root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly ast: ts.SourceFile;
}

/** The TypeScript files that a glob names, parsed. Fails where there is none, so that no test passes over nothing. */
export function sourceFiles(glob: string): readonly SourceFile[] {
  const paths = globSync(glob, { cwd: root }).filter((path) => !path.includes('node_modules')).sort();
  if (paths.length === 0) throw new Error(`no file matches ${glob}`);
  return paths.map((path) => {
    const text = readFileSync(resolve(root, path), 'utf8');
    return { path, text, ast: ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true) };
  });
}

/** Calls `visit` for every node, outer ones first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => { walk(child, visit); });
}

/** `path:line` of a node. */
export function place(file: SourceFile, node: ts.Node): string {
  return `${file.path}:${file.ast.getLineAndCharacterOfPosition(node.getStart(file.ast)).line + 1}`;
}

export interface Import {
  /** `path:line`, for messages. */
  readonly at: string;
  readonly specifier: string;
  /** Nothing of it is left at run time. */
  readonly typeOnly: boolean;
  /** `export ... from`. */
  readonly reExport: boolean;
  /** `import('...')` at run time. */
  readonly dynamic: boolean;
}

function fromClause(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const names = clause.namedBindings;
  return clause.name === undefined && names !== undefined && ts.isNamedImports(names) && names.elements.every(({ isTypeOnly }) => isTypeOnly);
}

function onlyTypes(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isImportDeclaration(node)) return fromClause(node.importClause);
  return node.isTypeOnly || (node.exportClause !== undefined && ts.isNamedExports(node.exportClause) && node.exportClause.elements.every(({ isTypeOnly }) => isTypeOnly));
}

/** Every import of a file: declarations, re-exports, `import('...')` as a call and as a type. */
export function importsOf(file: SourceFile): readonly Import[] {
  const found: Import[] = [];
  walk(file.ast, (node) => {
    const at = place(file, node);
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
      found.push({ at, specifier: node.moduleSpecifier.text, typeOnly: onlyTypes(node), reExport: ts.isExportDeclaration(node), dynamic: false });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [target] = node.arguments;
      found.push({ at, specifier: target !== undefined && ts.isStringLiteral(target) ? target.text : '(computed)', typeOnly: false, reExport: false, dynamic: true });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
      found.push({ at, specifier: node.argument.literal.text, typeOnly: true, reExport: false, dynamic: false });
    }
  });
  return found;
}
