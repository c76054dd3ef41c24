import { ipVersion } from '../kernel/ip-version.ts';
import { plainAddress, type PlainAddress } from '../kernel/networks.ts';

/** Longer than the longest address with brackets, zone and port. */
const maxItemChars = 96;
/** More proxies stand before nobody. Nothing to the left of these is looked at, however much a client has sent. */
const mostHops = 32;

/** The addresses of X-Forwarded-For from the right, nearest first; undefined for an item that is none, after which nothing comes. */
export function* lastHops(headers: Readonly<Record<string, unknown>>): Generator<PlainAddress | undefined> {
  const list = Object.hasOwn(headers, 'x-forwarded-for') ? headers['x-forwarded-for'] : undefined;
  if (typeof list !== 'string') return;
  let end = list.length;
  for (let hops = 0; hops < mostHops && end >= 0; hops += 1) {
    const comma = commaBefore(list, end);
    const hop = comma === undefined ? undefined : hopAddress(list.slice(comma + 1, end));
    yield hop;
    if (hop === undefined || comma === undefined) return;
    end = comma;
  }
}

/** Where the item begins that ends here, less one; undefined where it is longer than any. */
function commaBefore(list: string, end: number): number | undefined {
  for (let at = end - 1; at >= end - maxItemChars; at -= 1) if (at < 0 || list[at] === ',') return at;
  return undefined;
}

/** One address as proxies write it: with spaces around it, and perhaps with a port or in brackets. Undefined for anything else. */
export function hopAddress(text: unknown): PlainAddress | undefined {
  if (typeof text !== 'string' || text.length > maxItemChars) return undefined;
  const bare = text.replace(/^[ \t]+|[ \t]+$/g, '');
  const bracketed = /^\[([^\]]*:[^\]]*)\](?::\d{1,5})?$/.exec(bare)?.[1];
  // An IPv6 address without brackets cannot have a port: `::1:80` is an address.
  const address = bracketed ?? bare.replace(/^(\d[\d.]+):\d{1,5}$/, '$1');
  return ipVersion(address) === 0 ? undefined : plainAddress(address);
}

/** One form for each address, so that it may be compared and counted as a text. */
export function asWritten({ address, family }: PlainAddress): string {
  if (family === 'ipv4') return address;
  const { SocketAddress } = process.getBuiltinModule('node:net');
  return new SocketAddress({ address, family }).address;
}
