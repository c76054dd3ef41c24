import { createHash } from 'node:crypto';
import { median } from './statistics.ts';

/** One answer of a door. */
export interface Observation {
  /** The way of asking. Answers are compared with answers to the same way only. */
  readonly variant: string;
  readonly status: number;
  /** In the order in which they came, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly ms: number;
}

/** All that a door answered about one address. */
export interface ProbedAddress {
  readonly address: string;
  readonly observations: readonly Observation[];
}

/** What an answer can give away by. */
export type FeatureKind = 'status' | 'body' | 'headers' | 'length' | 'time';

export const featureKinds: readonly FeatureKind[] = ['status', 'body', 'headers', 'length', 'time'];

/** What is seen of one address: marks that are there or not, and numbers. Names begin with the kind and the variant. */
export interface Features {
  readonly marks: ReadonlyMap<string, FeatureKind>;
  readonly numbers: ReadonlyMap<string, { readonly kind: FeatureKind; readonly value: number }>;
}

/** The address itself is taken out first, in the spellings in which a page may echo it: it differs anyway. */
export function featuresOf({ address, observations }: ProbedAddress): Features {
  const marks = new Map<string, FeatureKind>();
  const lengths = new Map<string, number[]>();
  for (const { variant, status, headers, body } of observations) {
    const text = withoutAddress(body, address);
    const mark = (kind: FeatureKind, what: string): unknown => marks.set(`${kind} ${variant} ${what}`, kind);
    mark('status', String(status));
    for (const what of headerMarks(headers, address)) mark('headers', what);
    for (const what of bodyMarks(text)) mark('body', what);
    mark('length', String(text.length));
    lengths.set(variant, [...(lengths.get(variant) ?? []), text.length]);
  }
  const numbers = new Map<string, { readonly kind: FeatureKind; readonly value: number }>();
  for (const [variant, values] of lengths) numbers.set(`length ${variant}`, { kind: 'length', value: median(values) });
  // The median of the repeated probes: one hiccup says nothing.
  numbers.set('time', { kind: 'time', value: median(observations.map(({ ms }) => ms)) });
  return { marks, numbers };
}

function withoutAddress(text: string, address: string): string {
  return text.replaceAll(address, '{address}').replaceAll(encodeURIComponent(address), '{address}').replaceAll(address.replace('@', '&#64;'), '{address}');
}

/** Each header's presence and value, and the order of all. The length of the body is a feature of its own. */
function headerMarks(headers: Readonly<Record<string, string>>, address: string): readonly string[] {
  const names = Object.keys(headers);
  const values = names.filter((name) => name !== 'content-length').map((name) => `${name}: ${withoutAddress(headers[name] ?? '', address)}`);
  return [...names, ...values, `order ${names.join(',')}`];
}

/** Each word, and the whole. */
function bodyMarks(text: string): readonly string[] {
  const words = text.split(/[\s<>"'{}[\],:;()=]+/).filter((word) => word !== '');
  return [...new Set(words), `whole ${createHash('sha256').update(text).digest('base64url').slice(0, 16)}`];
}
