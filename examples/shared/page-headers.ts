const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** On every answer. */
export const pageHeaders = {
  'Content-Security-Policy': policy,
  'X-Content-Type-Options': 'nosniff',
  // Not `no-referrer`: with it browsers send `Origin: null` along with the site's own forms.
  'Referrer-Policy': 'same-origin',
} as const;

/** On every answer but the files of public/. */
export const noStore = { 'Cache-Control': 'no-store' } as const;

/** For a page with a picture that is part of it: there is no address at which it could be had. */
export const ownPicture = { 'Content-Security-Policy': policy.replace("img-src 'self'", "img-src 'self' data:") } as const;

/** For a document of its own, with a few rules of style inside and nothing that runs. */
export const ownStyle = { 'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'" } as const;

/** Longest body that is read, in bytes. */
export const maxBodyBytes = 256 * 1024;
