import { sha256 } from '../../kernel/compare.ts';
import { storedKey } from '../../kernel/stored-text.ts';
import type { CounterRule } from '../../ports/counter-store.ts';
import { wrongAnswer } from './faults.ts';

/** What the kernel's key ring makes of a name: as long as a digest here, and kept as it is. */
const plain = /^[\w-]{22}$/;
const maxHeads = 1_000;

/** Names keys in the server. Short, since memory is paid for each: a rule and a key take 31 characters after the prefix. */
export interface Names {
  counter(rule: CounterRule, key: string): string;
  record(key: string): string;
  /** Where the writes of a record are told. */
  channel(key: string): string;
}

export function createNames(prefix: string): Names {
  const heads = new Map<string, { readonly windowMs: number; readonly head: string }>();

  /**
   * How the keys of a rule begin: by its name and the whole window: a script brings a key that is further ahead than its window to the end of it. A process with a
   * shorter one, of another version of the app, would so give units to all others.
   */
  function headOf({ name, intervalMs, burst }: CounterRule): string {
    const windowMs = Math.round(intervalMs * burst);
    const known = heads.get(name);
    if (known?.windowMs === windowMs) return known.head;
    if (heads.size >= maxHeads) heads.clear();
    const head = `${prefix}c${shortDigest(`${windowMs} ${name}`).slice(0, 8)}`;
    heads.set(name, { windowMs, head });
    return head;
  }

  return {
    // The dot keeps digests apart from keys that read like one.
    counter: (rule, key) => headOf(rule) + (plain.test(key) ? key : `.${shortDigest(key)}`),
    record: (key) => `${prefix}r${storedKey(key)}`,
    channel: (key) => `${prefix}w${storedKey(key)}`,
  };
}

/** 128 bits. UTF-16 keeps lone surrogates apart, which UTF-8 does not. */
export function shortDigest(text: string): string {
  return sha256(Buffer.from(text, 'utf16le')).subarray(0, 16).toString('base64url');
}

/** A value as it is stored: text where UTF-8 can hold it, else its UTF-16. */
export function storedValue(value: string): string {
  return value.isWellFormed() ? `t${value}` : `u${Buffer.from(value, 'utf16le').toString('base64')}`;
}

export function valueOf(stored: string): string {
  if (stored.startsWith('t')) return stored.slice(1);
  if (stored.startsWith('u')) return Buffer.from(stored.slice(1), 'base64').toString('utf16le');
  throw wrongAnswer();
}

/** A text that the server answered: clients may be set to hand out bytes. */
export function answeredText(answer: unknown): string {
  if (typeof answer === 'string') return answer;
  if (answer instanceof Uint8Array) return Buffer.from(answer.buffer, answer.byteOffset, answer.length).toString();
  throw wrongAnswer();
}

/** A number that the server answered: clients may be set to hand out text. */
export function answeredNumber(answer: unknown): number {
  const number = typeof answer === 'number' ? answer : numberOf(answeredText(answer));
  if (!Number.isSafeInteger(number) || number < 0) throw wrongAnswer();
  return number;
}

function numberOf(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : NaN;
}
