import { networkOf } from './address.ts';
import { ipVersion } from './ip-version.ts';
import { wrong, type OptionReader } from './options.ts';

/** An address from its bits: one that is mapped (`::ffff:1.2.3.4`) is the IPv4 address, and a zone (`%eth0`) is dropped. */
export interface PlainAddress {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
}

export interface Network extends PlainAddress {
  readonly bits: number;
}

/** Undefined for anything that is no address. */
export function plainAddress(text: string): PlainAddress | undefined {
  const [bare = ''] = text.split('%');
  const key = networkOf(bare)?.key;
  if (key === undefined) return undefined;
  return ipVersion(key) === 4 ? { address: key, family: 'ipv4' } : { address: bare, family: 'ipv6' };
}

/** `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`; undefined for anything else. */
export function readNetwork(text: unknown): Network | undefined {
  if (typeof text !== 'string' || text.length > 64) return undefined;
  const [address = '', bits, more] = text.split('/');
  const plain = plainAddress(address);
  if (plain === undefined || more !== undefined) return undefined;
  const widest = plain.family === 'ipv4' ? 32 : 128;
  if (bits === undefined) return { ...plain, bits: widest };
  // Of a network in the form ::ffff:1.2.3.0/120 nobody can be sure what is meant.
  if (!/^(0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > widest || plain.address !== address) return undefined;
  return { ...plain, bits: Number(bits) };
}

/** An array of 1 to `most` addresses and networks. */
export function networksOption(most: number): OptionReader<readonly Network[]> {
  return (given, name) => {
    if (!Array.isArray(given) || given.length === 0 || given.length > most) throw wrong(name, `an array of 1 to ${most} addresses or networks`, given);
    return Array.from(given, (text: unknown, index) => {
      const network = readNetwork(text);
      if (network === undefined) throw wrong(`${name}[${index}]`, 'a network address or a network such as 203.0.113.0/24', text);
      return network;
    });
  };
}

/** Makes the function that tells whether an address is in any of the networks. */
export function createNetworks(networks: readonly Network[]): (plain: PlainAddress) => boolean {
  // Not imported: it takes a tenth of loading the package.
  const { BlockList } = process.getBuiltinModule('node:net');
  const all = new BlockList();
  for (const { address, bits, family } of networks) all.addSubnet(address, bits, family);
  return ({ address, family }) => all.check(address, family);
}
