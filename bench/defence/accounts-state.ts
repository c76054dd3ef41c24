import type { LeakedAs, Population } from './population.ts';

/** What changes about the accounts in one run: their passwords, and which browsers they know. */
export interface AccountsState {
  passwordOf(user: number): string;
  leakedOf(user: number): LeakedAs;
  /** Replaces the password by a new one that is on no list; every browser is a stranger again. */
  replace(user: number): void;
  knows(user: number, device: number): boolean;
  remember(user: number, device: number): void;
  forget(user: number, device: number): void;
}

/** Everybody begins with the first password, and with a cookie in each of their devices. */
export function accountsState(population: Population): AccountsState {
  const versions = new Uint16Array(population.accounts);
  const cookies = new Uint8Array(population.accounts).fill(0xff);
  return {
    passwordOf: (user) => (versions[user] === 0 ? (population.passwords[user] as string) : `own${user}.${versions[user] as number}`),
    leakedOf: (user) => (versions[user] === 0 ? (population.leaked[user] as LeakedAs) : 'no'),
    replace(user) {
      versions[user] = (versions[user] as number) + 1;
      cookies[user] = 0;
    },
    knows: (user, device) => device >= 0 && ((cookies[user] as number) & (1 << device)) !== 0,
    remember(user, device) {
      if (device >= 0) cookies[user] = (cookies[user] as number) | (1 << device);
    },
    forget(user, device) {
      if (device >= 0) cookies[user] = (cookies[user] as number) & ~(1 << device);
    },
  };
}
