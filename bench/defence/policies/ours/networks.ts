const dayMs = 86_400_000;
const familiarForMs = 60 * dayMs;
const most = 8;

/** The neighborhoods that each account has been entered from, as `portcullis/device` keeps them. */
export interface Networks {
  isFamiliar(accountId: string, address: string, nowMs: number): boolean;
  remember(accountId: string, address: string, nowMs: number): void;
  /** The password is another one: places from before that are none. */
  forget(accountId: string, beforeMs: number): void;
}

/** One client: an IPv4 address or an IPv6 /64. */
export function clientNetwork(address: string): string {
  return address.includes(':') ? address.split(':').slice(0, 4).join(':') : address;
}

/** An IPv4 /24 or an IPv6 /48. */
export function neighborhood(address: string): string {
  return address.includes(':') ? address.split(':').slice(0, 3).join(':') : address.slice(0, address.lastIndexOf('.'));
}

export function makeNetworks(): Networks {
  const known = new Map<string, Map<string, number>>();
  return {
    isFamiliar: (accountId, address, nowMs) => nowMs - (known.get(accountId)?.get(neighborhood(address)) ?? -Infinity) < familiarForMs,
    remember(accountId, address, nowMs) {
      const own = known.get(accountId) ?? new Map<string, number>();
      known.set(accountId, own);
      const place = neighborhood(address);
      own.delete(place);
      own.set(place, nowMs);
      if (own.size > most) own.delete(own.keys().next().value as string);
    },
    forget(accountId, beforeMs) {
      const own = known.get(accountId);
      for (const [place, atMs] of own ?? []) if (atMs < beforeMs) own?.delete(place);
    },
  };
}
