import { neighborhoodOf } from '../kernel/address.ts';
import { ipVersion } from '../kernel/ip-version.ts';
import type { KeyRing, Opened } from '../kernel/keys.ts';

/** `sealed`: only the key ring's owner can read it. `masked`: IPv4 by /24, IPv6 by /48, for everybody. */
export type AddressForm = 'sealed' | 'masked';

const binding = 'portcullis/audit/address';
/** The longest address in writing. All are sealed at this length, so that a sealed one tells nothing by its own. */
const addressChars = 45;

/** An address as it may stand in an entry. What is no network address (a proxy may hand over anything) becomes `invalid`. */
export function addressForm(address: string, form: AddressForm, keys: KeyRing): string {
  const [bare = ''] = address.slice(0, 64).split('%');
  if (ipVersion(bare) === 0) return 'invalid';
  return form === 'sealed' ? keys.seal('address', bare.padEnd(addressChars), binding) : masked(bare);
}

/**
 * Opens the sealed address of an entry, for an operator. The answer is `{ ok: true, address }`, or `{ ok: false, reason }`
 * where the text is no sealed address, was changed, or was sealed by a key that is not on the ring.
 */
export function openAddress(keys: KeyRing, sealed: string): { readonly ok: true; readonly address: string } | Extract<Opened, { readonly ok: false }> {
  const opened = keys.open('address', sealed, binding);
  return opened.ok ? { ok: true, address: opened.plaintext.toString().trimEnd() } : opened;
}

/** IPv4 by /24, IPv6 by /48: near enough for a reader who need not know whose it is. */
export function masked(address: string): string {
  return neighborhoodOf(address) ?? '';
}
