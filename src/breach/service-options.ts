import { ConfigError } from '../kernel/errors.ts';
import { text, wrong, type OptionReader } from '../kernel/options.ts';

/** The address of a service, to which paths are appended. */
export function serviceUrl(fallback: string): OptionReader<URL> {
  return (given, name) => {
    const url = URL.parse(text(fallback)(given, name));
    const bare = url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
    if (!bare || !['https:', 'http:'].includes(url.protocol)) throw wrong(name, 'an https: address without credentials, query or fragment', given);
    return url;
  };
}

/** A user agent, fit for a header. Without `fallback` the option is required. */
export function userAgent(fallback?: string): OptionReader<string> {
  return (given, name) => {
    const value = text(fallback)(given, name);
    if (!/^[\x20-\x7e]{1,256}$/.test(value)) throw wrong(name, '1 to 256 printable ASCII characters', given);
    return value;
  };
}

/** Refuses an address in the clear, unless it is said twice. Throws ERR_CONFIG. */
export function requireHttps(piece: string, { baseUrl, dangerouslyAllowHttp }: { readonly baseUrl: URL; readonly dangerouslyAllowHttp: boolean }): void {
  if (baseUrl.protocol !== 'http:' || dangerouslyAllowHttp) return;
  throw new ConfigError(`${piece}.baseUrl: expected https: (ASVS 5.0 13.2.4); http: needs dangerouslyAllowHttp`);
}

/** The path of the address with more behind it; a slash at its end changes nothing. */
export function pathUnder(baseUrl: URL, more: string): string {
  return `${baseUrl.pathname.replace(/\/+$/, '')}/${more}`;
}
