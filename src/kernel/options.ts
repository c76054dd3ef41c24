import { isUint8Array } from 'node:util/types';
import { editDistance } from './edit-distance.ts';
import { ConfigError } from './errors.ts';

/** Reads one option: gets what the caller gave (or undefined) and the option's full name, answers the parsed value. */
export type OptionReader<T> = (given: unknown, name: string) => T;

type Readers = Readonly<Record<string, OptionReader<unknown>>>;
type Parsed<R extends Readers> = { readonly [K in keyof R]: R[K] extends OptionReader<infer T> ? T : never };

/** Refuses an option: `piece.option: expected ..., got ...`. Only the kind of a value is told, since it may be a secret. */
export function wrong(name: string, expected: string, given: unknown): ConfigError {
  return new ConfigError(`${name}: expected ${expected}, got ${described(given)}`);
}

function described(given: unknown): string {
  if (given === null) return 'null';
  if (typeof given === 'number' || typeof given === 'boolean') return String(given);
  if (typeof given === 'string') return `a string of ${given.length} ${given.length === 1 ? 'character' : 'characters'}`;
  if (isUint8Array(given)) return `${given.length} bytes`;
  if (Array.isArray(given)) return `an array of ${given.length}`;
  return typeof given === 'undefined' ? 'nothing' : `a value of type ${typeof given}`;
}

/**
 * Parses an options object once, into a frozen copy. An unknown key throws and names the nearest known one;
 * `undefined` means absent, `null` is wrong.
 */
export function readOptions<R extends Readers>(piece: string, given: unknown, readers: R): Parsed<R> {
  const source = given === undefined ? {} : given;
  if (!isPlainObject(source)) throw wrong(piece, 'an options object', given);
  for (const key of Object.keys(source)) {
    if (!Object.hasOwn(readers, key)) throw new ConfigError(`${piece}.${key}: unknown option${nearest(key, Object.keys(readers))}`);
  }
  const parsed: Record<string, unknown> = {};
  for (const [key, read] of Object.entries(readers)) {
    // Own ones only: after a prototype pollution anywhere in the app, every object would seem to have the option.
    parsed[key] = read(Object.hasOwn(source, key) ? source[key] : undefined, `${piece}.${key}`);
  }
  return Object.freeze(parsed) as Parsed<R>;
}

/** Not an array, a Map or an instance, whose inherited members would be passed over in silence. Also from another realm. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** `, did you mean "x"?` for the known name that the fewest edits reach, or nothing where none is near. */
function nearest(key: string, known: readonly string[]): string {
  // A unit left out (`window` for `windowMs`) is the likeliest slip of all.
  const distance = (one: string, other: string): number => (one.length > 3 && other.startsWith(one) ? 1 : edits(one, other));
  const ranked = known.map((name) => ({ name, edits: distance(key.toLowerCase(), name.toLowerCase()) })).sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  if (best === undefined) return '';
  return best.edits <= Math.max(2, key.length / 3) ? `, did you mean "${best.name}"?` : `; known: ${known.join(', ')}`;
}

/** Levenshtein's distance, but letters in another order are one slip and not two. */
function edits(one: string, other: string): number {
  const sorted = (name: string): string => Array.from(name).sort().join('');
  return sorted(one) === sorted(other) ? 1 : editDistance(one, other);
}

/** A whole number within bounds. Without `fallback` the option is required. */
export function integer(bounds: { readonly min: number; readonly max: number; readonly fallback?: number }): OptionReader<number> {
  return (given, name) => {
    const value = given === undefined ? bounds.fallback : given;
    if (!Number.isInteger(value) || (value as number) < bounds.min || (value as number) > bounds.max) {
      throw wrong(name, `a whole number from ${bounds.min} to ${bounds.max}`, given);
    }
    return value as number;
  };
}

/** One of a few words. Without `fallback` the option is required. */
export function oneOf<const T extends string>(words: readonly T[], fallback?: NoInfer<T>): OptionReader<T> {
  return (given, name) => {
    const value = given === undefined ? fallback : given;
    if (!words.includes(value as T)) throw wrong(name, words.map((word) => `"${word}"`).join(' | '), given);
    return value as T;
  };
}

/** A non-empty string. Without `fallback` the option is required. */
export function text(fallback?: string): OptionReader<string> {
  return (given, name) => {
    const value = given === undefined ? fallback : given;
    if (typeof value !== 'string' || value === '') throw wrong(name, 'a non-empty string', given);
    return value;
  };
}

/** true or false. */
export function flag(fallback: boolean): OptionReader<boolean> {
  return (given, name) => {
    const value = given === undefined ? fallback : given;
    if (typeof value !== 'boolean') throw wrong(name, 'true or false', given);
    return value;
  };
}

/** A function. Without `fallback` the option is required. */
export function callback<T>(fallback?: T): OptionReader<T> {
  return (given, name) => {
    const value = given === undefined ? fallback : given;
    if (typeof value !== 'function') throw wrong(name, 'a function', given);
    return value as T;
  };
}

/** An object with the named methods: a port that the app or another piece implements. `source`: the function that makes one. */
export function port<T extends object>(methods: readonly (keyof T & string)[], fallback?: () => T, source?: string): OptionReader<T> {
  return (given, name) => {
    const value: unknown = given === undefined ? fallback?.() : given;
    const missing = methods.filter((method) => typeof (value as Record<string, unknown> | null | undefined)?.[method] !== 'function');
    if (missing.length === 0) return value as T;
    const listed = (names: readonly string[]): string => names.map((method) => `${method}()`).join(', ');
    const expected = source === undefined ? `an object with ${listed(methods)}` : `what ${source} makes`;
    throw missing.length < methods.length ? new ConfigError(`${name}: expected ${expected}, got one without ${listed(missing)}`) : wrong(name, expected, given);
  };
}

/** An option that may stay away. */
export function optional<T>(read: OptionReader<T>): OptionReader<T | undefined> {
  return (given, name) => (given === undefined ? undefined : read(given, name));
}

/** An array, each element read in turn, copied and frozen. */
export function list<T>(read: OptionReader<T>, fallback?: readonly T[]): OptionReader<readonly T[]> {
  return (given, name) => {
    if (given === undefined && fallback !== undefined) return fallback;
    if (!Array.isArray(given)) throw wrong(name, 'an array', given);
    return Object.freeze(Array.from(given, (element, index) => read(element, `${name}[${index}]`)));
  };
}

/** A nested options object. */
export function group<R extends Readers>(readers: R): OptionReader<Parsed<R>> {
  return (given, name) => readOptions(name, given, readers);
}

/** An object whose members the piece it is for will read, and complain about by name. */
export function piece<T extends object>(): OptionReader<T> {
  return (given, name) => {
    if (given === undefined) return {} as T;
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrong(name, 'an options object', given);
    return { ...given } as T;
  };
}
