import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { subpaths } from '../../scripts/subpaths.ts';
import { root, sourceFiles, walk } from '../support/source-tree.ts';

interface Example {
  /** `README.md:120`, where the fence opens. */
  readonly at: string;
  readonly code: string;
}

function fencesOf(path: string, text: string): readonly Example[] {
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((hit) => ({ at: `${path}:${text.slice(0, hit.index).split('\n').length}`, code: hit[1] ?? '' }));
}

function documents(): readonly Example[] {
  const paths = globSync(['*.md', 'examples/**/*.md'], { cwd: root }).filter((path) => !path.includes('node_modules'));
  return paths.flatMap((path) => fencesOf(path, readFileSync(join(root, path), 'utf8')));
}

function docstrings(): readonly Example[] {
  return sourceFiles('src/**/*.ts').flatMap(({ path, text }) =>
    [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((comment) => {
      const line = text.slice(0, comment.index).split('\n').length;
      return fencesOf(path, comment[0].replace(/^ *\* ?/gm, '')).map(({ code }) => ({ at: `${path}:${line}`, code }));
    }));
}

/** Compiles each example as a module of its own, beside the source; answers what the compiler says, by place. */
function complaints(examples: readonly Example[]): readonly string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as { config: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);
  const files = new Map(examples.map((example, index) => [join(root, `example-${index}.ts`), example]));
  const disk = ts.createCompilerHost({ ...options, noUnusedLocals: false });
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (file) => files.has(file) || disk.fileExists(file),
    readFile: (file) => files.get(file)?.code ?? disk.readFile(file),
    getSourceFile(file, version, ...rest) {
      const example = files.get(file);
      return example === undefined ? disk.getSourceFile(file, version, ...rest) : ts.createSourceFile(file, example.code, version);
    },
  };
  const program = ts.createProgram([...files.keys()], { ...options, noUnusedLocals: false }, host);
  return [...files].flatMap(([file, { at }]) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(({ messageText, start = 0 }) => {
      const line = source?.getLineAndCharacterOfPosition(start).line ?? 0;
      return `${at} +${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
}

describe('examples in the documents', () => {
  it('compile against the real types', () => {
    const examples = [...documents(), ...docstrings()];
    expect(complaints(examples)).toEqual([]);
  });

  it('are compiled by this test', () => {
    const wrong = "import { createKeyRing } from 'portcullis';\ncreateKeyRing({ key: [] });\n";
    expect(complaints([{ at: 'x.md:1', code: wrong }])).toEqual([expect.stringMatching(/^x\.md:1 \+2: .*'key' does not exist/)]);
  });

  it('stand in every section that is a piece', () => {
    const sections = readFileSync(join(root, 'README.md'), 'utf8').split(/^## /m).slice(1);
    const pieces = ['Quick start', 'createPortcullis', 'sign-in and the other flows', ...subpaths.filter(({ name }) => name !== 'index').map(({ name }) => sectionOf(name))];
    const without = pieces.filter((piece) => !sections.some((section) => section.startsWith(`${piece}\n`) && section.includes('```ts\n')));
    expect(without).toEqual([]);
  });
});

interface Row {
  readonly option: string;
  readonly value: string;
}

/** The rows of the section's tables whose columns are an option, its default and what it means. */
function optionRows(section: string): readonly Row[] {
  const rows: Row[] = [];
  let inside = false;
  for (const line of section.split('\n')) {
    const cells = line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim());
    if (!line.startsWith('|')) inside = false;
    else if (/^(option|name)/i.test(cells[0] ?? '') && /^default/i.test(cells[1] ?? '')) inside = true;
    else if (inside && !/^-+$/.test(cells[0] ?? '')) for (const [, option = ''] of (cells[0] ?? '').matchAll(/`([\w.[\]]+)`/g)) rows.push({ option, value: cells[1] ?? '' });
  }
  return rows;
}

const timeUnits: Readonly<Record<string, number>> = { s: 1000, second: 1000, seconds: 1000, min: 60_000, minute: 60_000, minutes: 60_000, h: 3_600_000, hour: 3_600_000, hours: 3_600_000, d: 86_400_000, day: 86_400_000, days: 86_400_000 };
const sizeUnits: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2 };

/** The values of a defaults constant, those of nested groups too. */
function leaves(value: unknown, path: readonly string[] = []): readonly { readonly path: readonly string[]; readonly value: unknown }[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

/** Whether a cell such as `100,000`, `30 min`, `19 456 (19 MiB)`, `"none"` or `true` says this value. */
function says(cell: string, value: unknown, option: string): boolean {
  if (typeof value === 'string') return cell.includes(value);
  if (typeof value === 'boolean') return new RegExp(`\\b${String(value)}\\b`).test(cell);
  if (typeof value !== 'number') return true;
  return [...cell.matchAll(/(\d+(?:[,_ ]\d{3})*(?:\.\d+)?)\s*([a-z]*)/gi)].some(([, digits = '', unit = '']) => {
    const number = Number(digits.replaceAll(/[,_ ]/g, ''));
    const units = option.endsWith('Ms') ? timeUnits : option.endsWith('Bytes') ? sizeUnits : {};
    return number * (units[unit] ?? 1) === value;
  });
}

/** Every member of the interfaces and types of a piece: the names that an options table may hold. */
function memberNames(source: string): ReadonlySet<string> {
  const names = new Set<string>();
  // What the adapters have in common is every adapter's.
  const common = source.startsWith('src/adapters/') ? sourceFiles('src/adapters/http/*.ts') : [];
  for (const { ast } of [...common, ...sourceFiles(`${dirname(source)}/**/*.ts`), ...sourceFiles('src/ports/*.ts'), ...sourceFiles('src/*.ts'), ...sourceFiles('src/stores/**/*.ts')]) {
    walk(ast, (node) => {
      if (ts.isPropertySignature(node) || ts.isMethodSignature(node)) names.add(node.name.getText(ast));
    });
  }
  return names;
}

/** Stores are told of together. */
const sectionOf = (name: string): string => (name === 'sqlite' ? 'stores' : name);
const sections = new Map(readFileSync(join(root, 'README.md'), 'utf8').split(/^## /m).slice(1).map((section) => [section.split('\n')[0] ?? '', section]));
const pieces = subpaths.filter(({ name }) => name !== 'index' && sections.has(sectionOf(name)));

describe('options tables of the README', () => {
  it.each(pieces)('tell the defaults of $name as the code has them', async ({ name, source }) => {
    const rows = optionRows(sections.get(sectionOf(name)) ?? '');
    const exported = (await import(pathToFileURL(join(root, source)).href)) as Record<string, unknown>;
    const constants = Object.entries(exported).filter(([key]) => key.endsWith('Defaults'));
    const wrong = constants.flatMap(([constant, defaults]) =>
      leaves(defaults).flatMap(({ path, value }) => {
        // A group's members may stand in the group's own row, or in rows of their own.
        const told = rows.filter(({ option }) => path.includes(option.split('.').at(-1) ?? '') && !(option.includes('.') && !option.includes(path[0] ?? '')));
        const name = `${constant}.${path.join('.')}`;
        if (told.length === 0) return [`${name} is in no table`];
        return told.some((row) => says(row.value, value, path.at(-1) ?? '')) ? [] : [`${name} is ${JSON.stringify(value)}, the table says ${told.map((row) => row.value).join(' or ')}`];
      }));
    expect(wrong).toEqual([]);
  });

  it.each(pieces)('name only options that $name has', ({ name, source }) => {
    const known = memberNames(source);
    const last = (option: string): string => option.replaceAll('[]', '').split('.').at(-1) ?? option;
    expect(optionRows(sections.get(sectionOf(name)) ?? '').map(({ option }) => option).filter((option) => !known.has(last(option)))).toEqual([]);
  });

  it('are read by this test', () => {
    const section = '| option | default | meaning |\n|---|---|---|\n| `windowMs` | 30 min | how long |\n| `mode` | `"enforce"` | a or b |\n\ntext\n| code | x | y |\n|---|---|---|\n| `a` | 1 | b |\n';
    expect(optionRows(section)).toEqual([{ option: 'windowMs', value: '30 min' }, { option: 'mode', value: '`"enforce"`' }]);
    expect([says('30 min', 1_800_000, 'windowMs'), says('100,000', 100_000, 'maxKeys'), says('16 MiB', 16_777_216, 'maxBytes'), says('`"enforce"`', 'enforce', 'mode'), says('20', 30, 'maxKeys')]).toEqual([true, true, true, true, false]);
  });
});
