import { ipVersion } from './ip-version.ts';

/** One client's network, as keys to count by. */
export interface ClientNetwork {
  /** What one client controls: an IPv4 address, or an IPv6 /64. */
  readonly key: string;
  /** What one site controls: the same IPv4 address, or an IPv6 /48. */
  readonly rollUp: string;
}

/**
 * The network of an address, decided from its bits and not from how it is written: `::ffff:1.2.3.4` and
 * `::ffff:102:304` are 1.2.3.4, and `2001:db8::1.2.3.4` is not. Undefined for anything that is no address.
 */
export function networkOf(address: string | undefined): ClientNetwork | undefined {
  if (typeof address !== 'string' || address.length > 64) return undefined;
  const version = ipVersion(address);
  if (version === 4) return { key: address, rollUp: address };
  if (version !== 6) return undefined;
  const words = ipv6Words(address);
  const mapped = mappedIPv4(words);
  if (mapped !== undefined) return { key: mapped, rollUp: mapped };
  const hex = words.map((word) => word.toString(16));
  return { key: `${hex.slice(0, 4).join(':')}::/64`, rollUp: `${hex.slice(0, 3).join(':')}::/48` };
}

/** The neighborhood of an address, coarse enough to be the same tomorrow: an IPv4 /24 or an IPv6 /48. Undefined for what is no address. */
export function neighborhoodOf(address: string | undefined): string | undefined {
  const network = networkOf(address);
  if (network === undefined) return undefined;
  return network.key.includes(':') ? network.rollUp : `${network.key.slice(0, network.key.lastIndexOf('.'))}.0/24`;
}

/** The eight 16-bit words of a valid IPv6 address; a zone (`%eth0`) is dropped. */
function ipv6Words(address: string): readonly number[] {
  const [bare = ''] = address.split('%');
  const [head = '', tail] = bare.split('::');
  const left = wordsOf(head);
  if (tail === undefined) return left;
  const right = wordsOf(tail);
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function wordsOf(part: string): readonly number[] {
  if (part === '') return [];
  return part.split(':').flatMap((piece) => {
    if (!piece.includes('.')) return [Number.parseInt(piece, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = piece.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

/** ::ffff:0:0/96 (RFC 4291 section 2.5.5.2). */
function mappedIPv4(words: readonly number[]): string | undefined {
  const [high = 0, low = 0] = words.slice(6);
  if (words[5] !== 0xffff || words.slice(0, 5).some((word) => word !== 0)) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
