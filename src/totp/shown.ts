import type { TotpEnrollment } from './totp.ts';

/** The white border that scanners need, in modules (ISO/IEC 18004). */
const quietZone = 4;
/** What a name may take of the code, which holds 2331 characters at most and is hard to scan long before. */
const maxNameChars = 256;
/** For a name of which nothing is left to show: an app may refuse an empty label. */
const anyName = 'account';

/**
 * The Key URI of an authenticator. Algorithm, digits and period are left out: they are the defaults, and apps that misread
 * them show wrong codes. Spaces are `%20`, never `+`; neither part may hold a colon.
 */
export function keyUri({ issuer, accountName, secret }: { readonly issuer: string; readonly accountName: string; readonly secret: string }): string {
  const name = fitted(accountName.replaceAll(':', '').trim()) || anyName;
  return `otpauth://totp/${encoded(issuer)}:${name}?secret=${secret}&issuer=${encoded(issuer)}`;
}

/** As many whole characters as there is room for, encoded. */
function fitted(text: string): string {
  let name = '';
  for (const char of text) {
    const next = encoded(char);
    if (name.length + next.length > maxNameChars) break;
    name += next;
  }
  return name;
}

/** RFC 3986: `encodeURIComponent` leaves five characters of the reserved set as they are. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** In groups of four, as people type it. */
export function inFours(secret: string): string {
  return (secret.match(/.{1,4}/g) ?? []).join(' ');
}

/** Draws the URI here: with a drawing service the secret would leave the house. */
export async function qrOf(uri: string): Promise<TotpEnrollment['qr']> {
  const { renderSVG } = await import('uqr');
  const svg = renderSVG(uri, { border: quietZone, ecc: 'M' });
  return Object.freeze({ svg, dataUrl: `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}` });
}
