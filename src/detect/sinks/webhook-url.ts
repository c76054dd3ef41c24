import { ConfigError } from '../../kernel/errors.ts';
import { text, wrong, type OptionReader } from '../../kernel/options.ts';

const maxUrlChars = 2_048;

/** Where to post to. It may hold a secret (Slack's does), so nothing of it stands in an error. */
export const webhookUrl: OptionReader<URL> = (given, name) => {
  const value = text()(given, name);
  const url = value.length > maxUrlChars ? null : URL.parse(value);
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '' || !['https:', 'http:'].includes(url.protocol)) {
    throw wrong(name, `an https: address of at most ${maxUrlChars} characters without credentials or fragment`, given);
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) throw new ConfigError(`${name}: expected https: (ASVS 5.0 12.3.1); http: only to this machine`);
  return url;
};

/** This machine, by its own names. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
