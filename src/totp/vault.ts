import type { KeyRing } from '../kernel/keys.ts';

interface Place {
  readonly accountId: string;
  readonly factorId: string;
}

export type OpenedSecret = { readonly ok: true; readonly secret: Uint8Array } | { readonly ok: false; readonly reason: string };

/** Secrets at rest: sealed for one account and one factor, so that one moved to another account opens nothing there. */
export interface Vault {
  seal(what: Place & { readonly secret: Uint8Array }): string;
  /** Never throws. */
  open(what: Place & { readonly sealed: string }): OpenedSecret;
  /** Whether an older key sealed it. */
  isOld(sealed: string): boolean;
}

export function createVault(keys: KeyRing): Vault {
  return {
    seal: ({ secret, ...place }) => keys.seal('factor', secret, boundTo(place)),
    open({ sealed, ...place }) {
      const opened = keys.open('factor', sealed, boundTo(place));
      return opened.ok ? { ok: true, secret: opened.plaintext } : opened;
    },
    isOld: (sealed) => sealed.split('.')[1] !== keys.newestId,
  };
}

/** User, factor and version of the form. As JSON: no two pairs of ids make the same text. */
function boundTo({ accountId, factorId }: Place): string {
  return JSON.stringify(['totp', 1, accountId, factorId]);
}
