import { networkOf } from '../kernel/address.ts';
import { ipVersion } from '../kernel/ip-version.ts';
import { wrong, type OptionReader } from '../kernel/options.ts';

/** Whether an address of a log is one of those that were asked for; `network`: it is masked, and its network has some of them. */
export type SourceMatch = 'address' | 'network';

/** Answers for the plain or the masked address of an entry. */
export type SourceMatcher = (address: string) => SourceMatch | undefined;

/** The list of one question. More belong in a database. */
const maxSources = 10_000;
/** How masked addresses are cut. */
const maskBits = { ipv4: 24, ipv6: 48 } as const;

interface Source {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** An array of network addresses and networks: `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`. */
export const sourcesOption: OptionReader<readonly Source[]> = (given, name) => {
  if (!Array.isArray(given) || given.length === 0 || given.length > maxSources) throw wrong(name, `an array of 1 to ${maxSources} addresses or networks`, given);
  return given.map((text: unknown, index) => {
    const source = sourceOf(text);
    if (source === undefined) throw wrong(`${name}[${index}]`, 'a network address or a network such as 203.0.113.0/24', text);
    return source;
  });
};

function sourceOf(text: unknown): Source | undefined {
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

function plainAddress(text: string): Pick<Source, 'address' | 'family'> | undefined {
  const [bare = ''] = text.split('%');
  const key = networkOf(bare)?.key;
  if (key === undefined) return undefined;
  return ipVersion(key) === 4 ? { address: key, family: 'ipv4' } : { address: bare, family: 'ipv6' };
}

/** Makes the function that tells whether an address is in any of the sources. */
export function createSourceMatcher(sources: readonly Source[]): SourceMatcher {
  // Not imported: it is needed by a query alone, and takes a tenth of loading the package.
  const { BlockList } = process.getBuiltinModule('node:net');
  const exact = new BlockList();
  const wide = new BlockList();
  for (const { address, bits, family } of sources) {
    exact.addSubnet(address, bits, family);
    wide.addSubnet(address, Math.min(bits, maskBits[family]), family);
  }
  return (text) => {
    const [address = '', bits] = text.split('/');
    const plain = plainAddress(address);
    if (plain === undefined) return undefined;
    if (bits === undefined) return exact.check(plain.address, plain.family) ? 'address' : undefined;
    return wide.check(plain.address, plain.family) ? 'network' : undefined;
  };
}
