import { ConfigError } from '../../kernel/errors.ts';

/** What a request asks for: every method it may come to be, and its path in every form in which it was seen. */
export interface Asked {
  readonly methods: readonly string[];
  readonly paths: readonly string[];
}

interface Route {
  /** Undefined: any. */
  readonly method: string | undefined;
  /** `:` for one segment that may be anything; the last may be `*` for all that follows, or nothing. */
  readonly segments: readonly string[];
}

export interface RouteTable {
  /** Every form of the request is one of these routes, letter for letter. */
  readonly holdsExactly: (asked: Asked) => boolean;
  /** Some form of the request may come to one of these routes, however it is written. */
  readonly mayReach: (asked: Asked) => boolean;
}

const maxRoutes = 1_000;
const routeForm = /^(?:([A-Z]{3,20}) )?\/((?:(?::\w+|[\w.~!$&'()+,;=@-]+)\/)*(?::\w+|[\w.~!$&'()+,;=@-]+|\*)?)$/;
/** What needs no second look: no escape that could hide a slash, a dot, a percent or a control character. */
const plainPath = /^\/(?:[\w.~!$&'()*+,;=:@/-]|%(?!2[ef5]|5c|[01]|7f)[\da-f]{2})*$/i;
/** Escapes within escapes that are undone. */
const maxRounds = 4;

/** Reads routes such as `POST /sign-out`, `/health`, `GET /reports/:id/export` and `/admin/*`. Throws ERR_CONFIG. */
export function createRouteTable(name: string, texts: readonly string[]): RouteTable {
  if (texts.length > maxRoutes) throw new ConfigError(`${name}: expected at most ${maxRoutes} routes`);
  const routes = texts.map((text, index) => readRoute(text, `${name}[${index}]`));
  const loose = routes.map(({ method, segments }) => ({ method, segments: segments.map((segment) => segment.toLowerCase()) }));

  return {
    holdsExactly: ({ methods, paths }) => paths.every((path) => {
      const segments = exactSegments(path);
      return segments !== undefined && methods.every((method) => routes.some((route) => allows(route, method) && matches(route.segments, segments)));
    }),
    mayReach: ({ methods, paths }) => {
      if (loose.length === 0) return false;
      const readings = looseReadings(paths);
      const readsAs = createReadsAs();
      return loose.some((route) => methods.some((method) => allows(route, method.toUpperCase())) && readings.some((segments) => matches(route.segments, segments, readsAs)));
    },
  };
}

function readRoute(text: string, name: string): Route {
  const [whole, method, path = ''] = routeForm.exec(text) ?? [];
  if (whole === undefined || path.endsWith('/') || path.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw new ConfigError(`${name}: expected a route such as "POST /sign-out", "/health", "/reports/:id/export" or "/admin/*"`);
  }
  return { method, segments: path === '' ? [] : path.split('/').map((segment) => (segment.startsWith(':') ? ':' : segment)) };
}

/** Frameworks answer HEAD with the handler of GET. */
function allows({ method: wanted }: Route, method: string): boolean {
  return wanted === undefined || wanted === method || (wanted === 'GET' && method === 'HEAD');
}

function matches(route: readonly string[], segments: readonly string[], readsAs: ReadsAs = Object.is): boolean {
  const open = route.at(-1) === '*';
  const fixed = open ? route.length - 1 : route.length;
  if (open ? segments.length < fixed : segments.length !== fixed) return false;
  for (let at = 0; at < fixed; at += 1) if (route[at] !== ':' && !readsAs(segments[at] as string, route[at] as string)) return false;
  return true;
}

/** The segments of a path that every server reads alike; undefined for any other. */
function exactSegments(path: string): readonly string[] | undefined {
  if (!plainPath.test(path)) return undefined;
  const segments = path === '/' ? [] : path.slice(1).split('/');
  return segments.some((segment) => segment === '' || segment === '.' || segment === '..') ? undefined : segments;
}

/**
 * What paths may be read as: split before or after escapes are undone, at backslashes too or not, with empty segments and dots or
 * without them, with `..` followed or not. To a router that undoes no dots and no empty segments, each is a parameter.
 */
function looseReadings(paths: readonly string[]): readonly (readonly string[])[] {
  const readings = new Set<string>();
  for (const path of paths) {
    for (const text of undone(path)) {
      const cut = text.replace(/[?#].*$/s, '');
      for (const split of new Set([cut, cut.replaceAll('\\', '/')])) {
        const filled = split.split('/').filter((segment) => segment !== '');
        const dotless = filled.filter((segment) => segment !== '.');
        const whole = split.replace(/^\//, '');
        for (const reading of [whole, whole.replace(/\/$/, ''), filled.join('/'), dotless.join('/'), followed(dotless).join('/')]) readings.add(reading);
      }
    }
  }
  return [...readings].map((reading) => (reading === '' ? [] : reading.split('/')));
}

/** Whether a segment may be read as a part of a route, which is in small letters. */
type ReadsAs = (segment: string, part: string) => boolean;

/** Each segment is read once, however many routes there are: some are of many thousand characters. */
function createReadsAs(): ReadsAs {
  const known = new Map<string, readonly string[]>();
  return (segment, part) => {
    const forms = known.get(segment) ?? undone(segment).map((form) => form.toLowerCase());
    known.set(segment, forms);
    return forms.includes(part);
  };
}

/** A text with its escapes undone once, twice and so on, beginning with the text. */
function undone(text: string): readonly string[] {
  const forms = [text];
  for (let round = 0; round < maxRounds; round += 1) {
    const form = (forms.at(-1) as string).replace(/(?:%[\da-f]{2})+/gi, unescaped);
    if (form === forms.at(-1)) break;
    forms.push(form);
  }
  return forms;
}

/** As UTF-8: some letters that are not ASCII are ASCII in small. Else byte by byte. */
function unescaped(escapes: string): string {
  try {
    return decodeURIComponent(escapes);
  } catch {
    return escapes.replace(/%(..)/g, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
}

function followed(segments: readonly string[]): readonly string[] {
  const left: string[] = [];
  for (const segment of segments) {
    if (segment === '..') left.pop();
    else left.push(segment);
  }
  return left;
}
