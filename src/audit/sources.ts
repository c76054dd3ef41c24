import { createNetworks, networksOption, plainAddress, type Network } from '../kernel/networks.ts';
import type { OptionReader } from '../kernel/options.ts';

/** Whether an address of a log is one of those that were asked for; `network`: it is masked, and its network has some of them. */
export type SourceMatch = 'address' | 'network';

/** Answers for the plain or the masked address of an entry. */
export type SourceMatcher = (address: string) => SourceMatch | undefined;

/** The list of one question. More belong in a database. */
const maxSources = 10_000;
/** How masked addresses are cut. */
const maskBits = { ipv4: 24, ipv6: 48 } as const;

/** An array of network addresses and networks: `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`. */
export const sourcesOption: OptionReader<readonly Network[]> = networksOption(maxSources);

/** Makes the function that tells whether an address is in any of the sources. */
export function createSourceMatcher(sources: readonly Network[]): SourceMatcher {
  const isExact = createNetworks(sources);
  const isWide = createNetworks(sources.map((source) => ({ ...source, bits: Math.min(source.bits, maskBits[source.family]) })));
  return (text) => {
    const [address = '', bits] = text.split('/');
    const plain = plainAddress(address);
    if (plain === undefined) return undefined;
    if (bits === undefined) return isExact(plain) ? 'address' : undefined;
    return isWide(plain) ? 'network' : undefined;
  };
}
