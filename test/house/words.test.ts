import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { place, root, sourceFiles, walk, type SourceFile } from '../support/source-tree.ts';

const src = sourceFiles('src/**/*.ts');

/** `object.property` or the bare name that is called or made. */
function calleeOf(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return undefined;
  const { expression } = node;
  const name = ts.isPropertyAccessExpression(expression) ? `${expression.expression.getText()}.${expression.name.text}` : ts.isIdentifier(expression) ? expression.text : undefined;
  if (name === undefined) return undefined;
  return ts.isNewExpression(node) ? `new ${name}(${node.arguments?.length ? '...' : ''})` : name;
}

function callsOf(file: SourceFile, forbidden: readonly string[]): readonly string[] {
  const found: string[] = [];
  walk(file.ast, (node) => {
    const callee = calleeOf(node);
    if (callee !== undefined && forbidden.includes(callee)) found.push(`${place(file, node)} ${callee}`);
  });
  return found;
}

describe('time and chance', () => {
  it('come through their ports everywhere but in the two files that implement them', () => {
    const forbidden = ['Date.now', 'performance.now', 'process.hrtime', 'process.hrtime.bigint', 'new Date()', 'setTimeout', 'setInterval', 'setImmediate'];
    const files = src.filter(({ path }) => !['src/kernel/clock.ts', 'src/testing/fake-clock.ts'].includes(path));
    expect(files.flatMap((file) => callsOf(file, forbidden))).toEqual([]);
  });

  // ASVS 11.5.1
  it('never come from Math.random or a UUID', () => {
    expect(src.flatMap((file) => callsOf(file, ['Math.random', 'randomUUID', 'crypto.randomUUID']))).toEqual([]);
  });
});

const secretName = /(token|secret|password|passphrase|digest|hash|hmac|mac|signature|pepper|nonce|code)$/i;

/**
 * Comparisons that look like one of secrets and are none, each with the reason.
 * A text is `path: comparison`.
 */
const harmless: Readonly<Record<string, string>> = {
  'src/breach/verdict.ts: composed === password': 'one input in two normal forms',
};

function nameOf(node: ts.Expression): string {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  return ts.isIdentifier(node) ? node.text : '';
}

function isConstant(node: ts.Expression): boolean {
  return ts.isLiteralExpression(node) || ts.isTypeOfExpression(node) || ts.isPrefixUnaryExpression(node)
    || [ts.SyntaxKind.NullKeyword, ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword].includes(node.kind)
    || (ts.isIdentifier(node) && node.text === 'undefined');
}

/** `===` and its like where either side is named as a secret and neither is a constant. */
function secretComparisons(file: SourceFile): readonly string[] {
  const found: string[] = [];
  const operators = [ts.SyntaxKind.EqualsEqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken, ts.SyntaxKind.EqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsToken];
  walk(file.ast, (node) => {
    if (!ts.isBinaryExpression(node) || !operators.includes(node.operatorToken.kind)) return;
    const sides = [node.left, node.right];
    if (sides.some(isConstant) || !sides.some((side) => secretName.test(nameOf(side)))) return;
    found.push(`${file.path}: ${node.getText(file.ast)}`);
  });
  return found;
}

describe('secrets', () => {
  // ASVS 11.2.4
  it('are never compared with ===', () => {
    expect(src.flatMap(secretComparisons).filter((text) => !(text in harmless))).toEqual([]);
  });

  it('have no exception that is no longer there', () => {
    const found = src.flatMap(secretComparisons);
    expect(Object.keys(harmless).filter((text) => !found.includes(text))).toEqual([]);
  });

  it('are recognized by this test', () => {
    const text = 'if (given.token === stored.token || code !== undefined || error.code === "E" || typeof secret === "string") {}';
    const file = { path: 'x.ts', text, ast: ts.createSourceFile('x.ts', text, ts.ScriptTarget.ESNext, true) };
    expect(secretComparisons(file)).toEqual(['x.ts: given.token === stored.token']);
  });
});

/** The functions of node:crypto that a file calls, with the named algorithm where it is written there. */
function cryptoCalls(file: SourceFile): readonly string[] {
  const imported = new Set<string>();
  const found = new Set<string>();
  walk(file.ast, (node) => {
    if (!ts.isImportDeclaration(node) || !ts.isStringLiteral(node.moduleSpecifier) || node.moduleSpecifier.text !== 'node:crypto') return;
    const names = node.importClause?.namedBindings;
    if (names !== undefined && ts.isNamespaceImport(names)) imported.add(names.name.text);
    if (names !== undefined && ts.isNamedImports(names)) for (const { name, isTypeOnly } of names.elements) if (!isTypeOnly) imported.add(name.text);
  });
  walk(file.ast, (node) => {
    if (!ts.isIdentifier(node) || !imported.has(node.text) || ts.isImportSpecifier(node.parent) || ts.isNamespaceImport(node.parent)) return;
    const call = node.parent;
    const [first] = ts.isCallExpression(call) ? call.arguments : [];
    found.add(first !== undefined && ts.isStringLiteral(first) ? `${node.text}('${first.text}')` : node.text);
  });
  return [...found].sort();
}

describe('the crypto inventory', () => {
  // ASVS 11.1.2, 11.1.3, 11.4.1
  it('in SECURITY.md lists every file that calls node:crypto, and what it calls', () => {
    const security = readFileSync(join(root, 'SECURITY.md'), 'utf8');
    const rows = [...security.matchAll(/^\| \[?`(src\/[\w./-]+)`[^|]*\| ([^|]+) \|/gm)];
    const listed = Object.fromEntries(rows.map(([, path = '', calls = '']) => [path, [...calls.matchAll(/`([^`]+)`/g)].map(([, call = '']) => call).sort()]));
    const real = Object.fromEntries(src.map((file) => [file.path, cryptoCalls(file)] as const).filter(([, calls]) => calls.length > 0));
    expect(listed).toEqual(real);
  });

  it('has SHA-1 only where the breach corpus is indexed by it, and where Redis names scripts by it', () => {
    const sha1 = src.filter((file) => cryptoCalls(file).some((call) => /sha-?1'|md5/i.test(call))).map(({ path }) => path);
    expect(sha1.filter((path) => !/^src\/(breach\/|testing\/range-server\.ts|stores\/redis\/scripts\.ts)/.test(path))).toEqual([]);
  });

  it('has no other source of primitives', () => {
    const names = src.flatMap(({ path, text }) => [...text.matchAll(/from '((?:@noble\/|crypto|node:webcrypto)[^']*)'|\bcrypto\.subtle\b|globalThis\.crypto\b/g)].map(([hit]) => `${path}: ${hit}`));
    expect(names).toEqual([]);
  });
});

function trackedFiles(): readonly string[] {
  const listed = existsSync(join(root, '.git')) ? execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0') : [];
  return listed.filter((path) => path !== '' && existsSync(join(root, path)) && !/\.(png|jpg|ico|woff2?)$/.test(path));
}

describe('committed text', () => {
  // Put together here, so that this file does not hold them.
  const betraying = [
    ['/work', '/'].join(''), ['/tmp', '/brief'].join(''), ['/ro', 'ot/'].join(''), ['/ho', 'me/'].join(''), ['registry', '\\.[\\w-]+\\.\\w+'].join(''),
    ['\\bissue', ' #?\\d'].join(''), ['"resol', 'ved":'].join(''), ['shared/', '(design|style|standards|toolchain)'].join(''),
  ];

  it('names no registry, no path of one machine and no task list', () => {
    const files = trackedFiles();
    const pattern = new RegExp(betraying.join('|'), 'i');
    const found = files.flatMap((path) =>
      readFileSync(join(root, path), 'utf8').split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${(pattern.exec(line) ?? [''])[0]}`] : [])));
    expect(found).toEqual([]);
  });

  it('switches no test off', () => {
    const off = /\b(?:it|test|describe|bench|suite)(?:\.\w+)*\.(?:skip|only|todo|fails)\b|\bx(?:it|describe)\(/;
    expect(sourceFiles('{test,bench,examples}/**/*.ts').filter(({ text }) => off.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it('skips a test only where a Debian package or a real server is missing', () => {
    const skips = sourceFiles('test/**/*.test.ts').flatMap(({ path, text }) => [...text.matchAll(/\.(?:skipIf|runIf)\(([^\n]*)/g)].map(([, condition = '']) => `${path}: ${condition}`));
    expect(skips.filter((skip) => !/: !(hasDebian\('|realRedis\b|realPostgres\b)/.test(skip))).toEqual([]);
  });

  it('turns no check of the compiler or the linter off', () => {
    const off = new RegExp([['@ts-', '(?:ignore|nocheck)'].join(''), ['eslint-', 'disable'].join('')].join('|'));
    const files = sourceFiles('{src,test,bench,examples,scripts}/**/*.ts');
    const anys = files.flatMap((file) => {
      const found: string[] = [];
      walk(file.ast, (node) => {
        if (node.kind === ts.SyntaxKind.AnyKeyword) found.push(place(file, node));
      });
      return found;
    });
    expect({ off: files.filter(({ text }) => off.test(text)).map(({ path }) => path), anys }).toEqual({ off: [], anys: [] });
  });
});
