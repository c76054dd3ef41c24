import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callback, flag, group, integer, list, oneOf, optional, port, readOptions, text } from '../../src/kernel/options.ts';

const readers = {
  windowMs: integer({ min: 1, max: 100, fallback: 10 }),
  mode: oneOf(['observe', 'enforce'], 'enforce'),
  name: text('none'),
  strict: flag(false),
  emit: callback<() => void>(() => undefined),
  store: port<{ read(): void }>(['read'], () => ({ read: () => undefined })),
  note: optional(text()),
  hosts: list(text(), []),
  nested: group({ depth: integer({ min: 0, max: 9, fallback: 1 }) }),
};
const read = (given: unknown) => readOptions('piece', given, readers);

/** The message of the ERR_CONFIG that a value is refused with. */
function complaint(given: unknown): string {
  try {
    read(given);
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConfigError', code: 'ERR_CONFIG' });
    return (error as Error).message;
  }
  return 'accepted';
}

describe('reading options', () => {
  it('fills in defaults for everything that is absent or undefined', () => {
    const expected = { windowMs: 10, mode: 'enforce', name: 'none', strict: false, note: undefined, hosts: [], nested: { depth: 1 } };
    expect(read(undefined)).toMatchObject(expected);
    expect(read(Object.fromEntries(Object.keys(readers).map((key) => [key, undefined])))).toMatchObject(expected);
  });

  it.each(Object.keys(readers))('refuses null for %s, because null is not absent', (key) => {
    expect(complaint({ [key]: null })).toMatch(new RegExp(`^piece\\.${key}: expected .*, got null$`));
  });

  it.each([
    ['windowms', 'windowMs'], ['windowM', 'windowMs'], ['wndowMs', 'windowMs'], ['window_ms', 'windowMs'], ['window', 'windowMs'], ['WINDOWMS', 'windowMs'],
    ['mod', 'mode'], ['stict', 'strict'], ['emmit', 'emit'], ['host', 'hosts'], ['nestd', 'nested'],
  ])('names the nearest option for a misspelt one: %s', (given, meant) => {
    expect(complaint({ [given]: 1 })).toBe(`piece.${given}: unknown option, did you mean "${meant}"?`);
  });

  it('names all options where none is near', () => {
    expect(complaint({ somethingElse: 1 })).toBe(`piece.somethingElse: unknown option; known: ${Object.keys(readers).join(', ')}`);
  });

  it('finds every option again after one letter was dropped, doubled or swapped', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(readers)), fc.nat(), fc.constantFrom('drop', 'double', 'swap'), (name, where, how) => {
        const at = where % (name.length - 1);
        const misspelt = how === 'drop' ? name.slice(0, at) + name.slice(at + 1) : how === 'double' ? name.slice(0, at) + name.slice(at, at + 1) + name.slice(at) : name.slice(0, at) + name.slice(at + 1, at + 2) + name.slice(at, at + 1) + name.slice(at + 2);
        fc.pre(!Object.hasOwn(readers, misspelt));
        expect(complaint({ [misspelt]: 1 })).toBe(`piece.${misspelt}: unknown option, did you mean "${name}"?`);
      }),
    );
  });

  it('says what was expected and only the kind of what came, which may be a secret', () => {
    expect(complaint({ windowMs: 'hunter2' })).toBe('piece.windowMs: expected a whole number from 1 to 100, got a string of 7 characters');
    expect(complaint({ windowMs: 0 })).toBe('piece.windowMs: expected a whole number from 1 to 100, got 0');
    expect(complaint({ windowMs: 1.5 })).toBe('piece.windowMs: expected a whole number from 1 to 100, got 1.5');
    expect(complaint({ windowMs: NaN })).toBe('piece.windowMs: expected a whole number from 1 to 100, got NaN');
    expect(complaint({ windowMs: 5n })).toBe('piece.windowMs: expected a whole number from 1 to 100, got a value of type bigint');
    expect(complaint({ mode: 'obsrve' })).toBe('piece.mode: expected "observe" | "enforce", got a string of 6 characters');
    expect(complaint({ name: '' })).toBe('piece.name: expected a non-empty string, got a string of 0 characters');
    expect(complaint({ strict: 'true' })).toBe('piece.strict: expected true or false, got a string of 4 characters');
    expect(complaint({ emit: {} })).toBe('piece.emit: expected a function, got a value of type object');
    expect(complaint({ store: { read: 1 } })).toBe('piece.store: expected an object with read(), got a value of type object');
    expect(complaint({ hosts: 'a' })).toBe('piece.hosts: expected an array, got a string of 1 character');
    expect(complaint({ hosts: ['a', 7] })).toBe('piece.hosts[1]: expected a non-empty string, got 7');
    expect(complaint({ hosts: new Array<string>(1) })).toBe('piece.hosts[0]: expected a non-empty string, got nothing');
    expect(complaint({ nested: { dept: 1 } })).toBe('piece.nested.dept: unknown option, did you mean "depth"?');
  });

  it.each<readonly [unknown, string]>([
    [null, 'null'], [7, '7'], ['text', 'a string of 4 characters'], [[], 'an array of 0'], [() => undefined, 'a value of type function'],
    [new Map([['windowMs', 1]]), 'a value of type object'], [new Date(0), 'a value of type object'], [new (class Options { windowMs = 1 })(), 'a value of type object'], [Object.create({ windowMs: 1 }), 'a value of type object'],
  ])('refuses what is no plain object: %#', (given, got) => {
    expect(complaint(given)).toBe(`piece: expected an options object, got ${got}`);
  });

  it('accepts an object without a prototype', () => {
    expect(read(Object.assign(Object.create(null) as object, { windowMs: 5 })).windowMs).toBe(5);
  });

  it('copies and freezes: neither side sees what the other does later', () => {
    const given = { hosts: ['a'], nested: { depth: 3 }, windowMs: 5 };
    const parsed = read(given);
    given.hosts.push('b');
    given.nested.depth = 9;
    given.windowMs = 6;
    expect(parsed).toMatchObject({ hosts: ['a'], nested: { depth: 3 }, windowMs: 5 });
    for (const part of [parsed, parsed.hosts, parsed.nested]) expect(Object.isFrozen(part)).toBe(true);
    expect(Object.isFrozen(given)).toBe(false);
  });

  it('reads every option once', () => {
    let reads = 0;
    read({ get windowMs() { reads += 1; return 5; } });
    expect(reads).toBe(1);
  });
});

// ASVS 15.3.6
describe('options and prototypes', () => {
  it('refuses an own __proto__ and pollutes nothing', () => {
    expect(complaint(JSON.parse('{"__proto__":{"windowMs":1}}'))).toMatch(/^piece\.__proto__: unknown option/);
    expect(complaint({ constructor: 1 })).toMatch(/^piece\.constructor: unknown option/);
    expect(({} as { windowMs?: number }).windowMs).toBeUndefined();
  });

  it('takes no option from a polluted prototype', () => {
    Object.defineProperty(Object.prototype, 'mode', { value: 'observe', configurable: true, writable: true });
    try {
      expect(read({}).mode).toBe('enforce');
    } finally {
      delete (Object.prototype as { mode?: string }).mode;
    }
  });
});
