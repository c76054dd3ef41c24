import { networkOf } from '../kernel/address.ts';
import type { KeyRing } from '../kernel/keys.ts';

/**
 * `address`: one client (an IPv4 address or an IPv6 /64). `site`: an IPv6 /48, since whoever has one has 65,536 clients.
 * `noAddress`: all requests without an address together, in a wide bucket. `account`: one name, known or not.
 * `device`: one browser that the account knows, in place of `account`: strangers cannot use up the owner's budget.
 */
export type LimitRuleName = 'address' | 'site' | 'noAddress' | 'account' | 'device';

/** Makes the keys by which a request is counted. */
export interface LimitKeys {
  /** `name` is the canonical identifier or the account's id; absent where nobody is named. */
  of(address: string | undefined, name?: string): { readonly [N in LimitRuleName]?: string };
  /** The key of one account alone, by its id. No name can be made like it: names hold no NUL. */
  account(id: string): string;
  /** The key of one browser, by the id in its cookie. */
  device(browserId: string): string;
}

/** Where counters are shared, names and addresses leave the process and so become keyed digests; else they stay plain. */
export function createLimitKeys({ keys, shared }: { readonly keys: KeyRing; readonly shared: boolean }): LimitKeys {
  const nameKey = (name: string): string => (shared ? keys.digest('identifier', name) : name);
  const networkKey = (network: string): string => (shared ? keys.digest('address', network) : network);
  return {
    account: (id) => nameKey(`\0${id}`),
    device: (browserId) => browserId,
    of(address, name) {
      const network = networkOf(address);
      const from =
        network === undefined
          ? { noAddress: 'none' }
          : { address: networkKey(network.key), ...(network.rollUp !== network.key && { site: networkKey(network.rollUp) }) };
      return name === undefined ? from : { ...from, account: nameKey(name) };
    },
  };
}
