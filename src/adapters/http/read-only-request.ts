import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isSafeMethod } from '../../kernel/safe-method.ts';
import type { Asked } from './route-table.ts';

/** Header fields by which a later part of the app may make another method of a request. */
const overrideHeaders = ['x-http-method-override', 'x-http-method', 'x-method-override'] as const;

/** What is there to be seen of a request before it is routed. */
export interface Seen {
  /** The method, and what it was before something changed it. */
  readonly methods: readonly unknown[];
  /** The address, and what it was before something rewrote it. */
  readonly targets: readonly string[];
  readonly headers: IncomingHttpHeaders;
  /** Of a guard that stands behind the parsers. */
  readonly body?: unknown;
}

interface Rewritten extends IncomingMessage {
  readonly originalMethod?: unknown;
  readonly originalUrl?: unknown;
  readonly baseUrl?: unknown;
  readonly body?: unknown;
}

/** What a request of Node asks for, also after what is usual in Express and Connect has rewritten it. */
export function askedByMessage(req: IncomingMessage): Asked {
  const { method, headers, url = '/', originalMethod, originalUrl, baseUrl, body } = req as Rewritten;
  const targets = [typeof baseUrl === 'string' ? baseUrl + url : url, typeof originalUrl === 'string' ? originalUrl : url];
  return askedOf({ methods: [method, originalMethod], targets, headers, body });
}

/** All that a request is, or may become behind the guard. */
export function askedOf(seen: Seen): Asked {
  return { methods: methodsOf(seen), paths: [...new Set(seen.targets.flatMap(pathsOf))] };
}

/** Of several methods the one that is judged: a safe one only where all are. */
export function strictestOf(methods: readonly string[]): string {
  return methods.find((method) => !isSafeMethod(method)) ?? methods[0] ?? '';
}

function methodsOf(seen: Seen): readonly string[] {
  const methods = new Set(seen.methods.filter((method) => typeof method === 'string'));
  for (const override of overridesOf(seen)) methods.add(override);
  // Some make requests of upgrades to run them through the app. What comes after is no HTTP and may do anything. `h2c` is asked for by clients that only read.
  const { upgrade } = seen.headers;
  if (upgrade !== undefined && upgrade.toLowerCase() !== 'h2c') methods.add('UPGRADE');
  return [...methods];
}

function overridesOf({ headers, targets, body }: Seen): readonly string[] {
  const given: unknown[] = overrideHeaders.map((name) => headers[name]);
  for (const target of new Set(targets)) given.push(...queryOverrides(target));
  // `_method[]` is a list to some parsers, and a name to others.
  if (typeof body === 'object' && body !== null) for (const name of Object.keys(body)) if (name.startsWith('_method')) given.push((body as Readonly<Record<string, unknown>>)[name]);
  // A list of methods, or what is no text: a name that no method has, so that it counts as a write.
  return given.filter((value) => value !== undefined && value !== '').map((value) => (typeof value === 'string' ? value.trim().toUpperCase().slice(0, 40) : 'OVERRIDE'));
}

function queryOverrides(url: string): readonly string[] {
  const at = url.indexOf('?');
  if (at === -1) return [];
  return [...new URLSearchParams(url.slice(at + 1))].filter(([name]) => name.startsWith('_method')).map(([, value]) => value);
}

/** The path of a target. A target that is a whole address is none that is exempt, and may come to the path in it. */
function pathsOf(target: string): readonly string[] {
  const path = /^[a-z][a-z\d+.-]*:\/\/[^/\\?#]*(.*)$/is.exec(target)?.[1];
  return path === undefined ? [withoutQuery(target)] : [target, withoutQuery(path)];
}

/** Up to the query. A `#` has no place in a target, and what holds one is no exempt path. */
function withoutQuery(target: string): string {
  const end = target.indexOf('?');
  return end === -1 ? target : target.slice(0, end);
}
