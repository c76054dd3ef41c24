import { ConfigError } from '../kernel/errors.ts';
import { createNetworks, networksOption, type Network, type PlainAddress } from '../kernel/networks.ts';
import { integer, optional, readOptions, text, type OptionReader } from '../kernel/options.ts';
import { asWritten, hopAddress, lastHops } from './hops.ts';

/** What is read of a request: of `node:http`, Express, Fastify, or whatever has these two. */
export interface AddressedRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Either `trusted`, or `hops`, or `trusted` with `header`. */
export interface ClientAddressOptions {
  /** The proxies before the app, as addresses and networks (`10.0.0.0/8`), 1 to 1,000. What they say is believed, and what others say is not. */
  readonly trusted?: readonly string[];
  /** How many proxies stand before the app, 1 to 16, where nobody reaches it past them. */
  readonly hops?: number;
  /** The one header in which the trusted proxies put the address (`cf-connecting-ip`). They must set it on every request. */
  readonly header?: string;
}

const maxNetworks = 1_000;
const maxHops = 16;

/** Believed of a whole /4, say, a stranger would be a proxy. The widest that are one network's: 10.0.0.0/8 and fc00::/7 (RFC 1918, RFC 4193). */
const widest = { ipv4: 8, ipv6: 7 } as const;

const trustedOption: OptionReader<readonly Network[]> = (given, name) => {
  const networks = networksOption(maxNetworks)(given, name);
  const index = networks.findIndex(({ family, bits }) => bits < widest[family]);
  if (index !== -1) throw new ConfigError(`${name}[${index}]: expected a network of your proxies, at the widest a /${widest.ipv4} of IPv4 or a /${widest.ipv6} of IPv6`);
  return networks;
};

/** These are lists, in forms of their own. */
const listHeaders = ['x-forwarded-for', 'forwarded', 'via'];

const headerOption: OptionReader<string> = (given, name) => {
  const header = text()(given, name).toLowerCase();
  // RFC 9110 5.1
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]{1,64}$/.test(header)) throw new ConfigError(`${name}: expected the name of a header field`);
  if (listHeaders.includes(header)) throw new ConfigError(`${name}: expected a header that holds one address; X-Forwarded-For is what "trusted" and "hops" read`);
  return header;
};

/**
 * Makes the function that tells a client's address where no framework does: from the connection, and from headers only as far as a
 * trusted proxy wrote them (OWASP ASVS 5.0 4.1.3). IPv4 in its plain form, IPv6 as RFC 5952 writes it, without a zone. Undefined where the connection
 * has no address. Never throws. Throws ERR_CONFIG when it is made.
 */
export function clientAddress(options: ClientAddressOptions): (req: AddressedRequest) => string | undefined {
  const { trusted, hops, header } = readOptions('clientAddress', options, {
    trusted: optional(trustedOption),
    hops: optional(integer({ min: 1, max: maxHops })),
    header: optional(headerOption),
  });
  if ((trusted === undefined) === (hops === undefined)) throw new ConfigError('clientAddress: expected either "trusted" or "hops"');
  if (header !== undefined && trusted === undefined) throw new ConfigError('clientAddress.header: expected "trusted" beside it, the proxies that set it');
  const find = hops === undefined ? byTrust(createNetworks(trusted ?? []), header) : byCount(hops);

  return (req) => {
    try {
      const peer = hopAddress(req.socket.remoteAddress);
      return peer && asWritten(find(peer, req.headers));
    } catch {
      // Not what a server of Node makes: counted with those that have no address.
      return undefined;
    }
  };
}

type Find = (peer: PlainAddress, headers: AddressedRequest['headers']) => PlainAddress;

/** The first hop from the right that nobody of us is. Where the list ends or makes no sense, the last one that is. */
function byTrust(isTrusted: (address: PlainAddress) => boolean, header: string | undefined): Find {
  if (header !== undefined) {
    return (peer, headers) => {
      const named = isTrusted(peer) && Object.hasOwn(headers, header) ? headers[header] : undefined;
      return hopAddress(named) ?? peer;
    };
  }
  return (peer, headers) => {
    let last = peer;
    if (!isTrusted(last)) return last;
    for (const hop of lastHops(headers)) {
      if (hop === undefined) return last;
      last = hop;
      if (!isTrusted(last)) return last;
    }
    return last;
  };
}

/** As many steps to the left as there are proxies. */
function byCount(hops: number): Find {
  return (peer, headers) => {
    let last = peer;
    let left = hops;
    for (const hop of lastHops(headers)) {
      if (hop === undefined) return last;
      last = hop;
      left -= 1;
      if (left === 0) return last;
    }
    return last;
  };
}
