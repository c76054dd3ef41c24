import type { TotpEnrollment } from './totp.ts';

/** The white border that scanners need, in modules (ISO/IEC 18004). */
const quietZone = 4;

/**
 * The Key URI of an authenticator. Algorithm, digits and period are left out: they are the defaults, and apps that misread
 * them show wrong codes. Spaces are `%20`, never `+`; neither part may hold a colon.
 */
export function keyUri({ issuer, accountName, secret }: { readonly issuer: string; readonly accountName: string; readonly secret: string }): string {
  return `otpauth://totp/${encoded(issuer)}:${encoded(accountName.replaceAll(':', ''))}?secret=${secret}&issuer=${encoded(issuer)}`;
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
