import { createHmac } from 'node:crypto';
import { ConfigError } from '../../kernel/errors.ts';
import { wrong, type OptionReader } from '../../kernel/options.ts';

const minSecretBytes = 24;
const maxSecretBytes = 64;
const maxSecrets = 5;

/** Secrets in the form of Standard Webhooks, newest first: `whsec_` and the base64 of 24 to 64 random bytes. */
export const webhookSecrets: OptionReader<readonly Buffer[]> = (given, name) => {
  if (!Array.isArray(given) || given.length === 0 || given.length > maxSecrets) throw wrong(name, `an array of 1 to ${maxSecrets} secrets`, given);
  return Object.freeze(given.map((secret: unknown, index) => secretOf(secret, `${name}[${index}]`)));
};

function secretOf(given: unknown, name: string): Buffer {
  const [, base64 = ''] = typeof given === 'string' ? (/^whsec_([A-Za-z0-9+/]{1,128}={0,2})$/.exec(given) ?? []) : [];
  const secret = Buffer.from(base64, 'base64');
  if (secret.length < minSecretBytes || secret.length > maxSecretBytes) {
    throw wrong(name, `"whsec_" and the base64 of ${minSecretBytes} to ${maxSecretBytes} random bytes (openssl rand -base64 32)`, given);
  }
  if (secret.every((byte) => byte === secret[0])) throw new ConfigError(`${name}: expected random bytes, got ${secret.length} times the same one`);
  return secret;
}

/**
 * The headers that say whose a message is: an id, seconds since 1970, and a signature by each secret over
 * `<id>.<seconds>.<body>` (Standard Webhooks 1.0, HMAC-SHA-256).
 */
export function signedHeaders(secrets: readonly Buffer[], { id, nowMs, body }: { readonly id: string; readonly nowMs: number; readonly body: string }): Readonly<Record<string, string>> {
  const seconds = String(Math.floor(nowMs / 1000));
  const signatures = secrets.map((secret) => `v1,${createHmac('sha256', secret).update(`${id}.${seconds}.${body}`).digest('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': signatures.join(' ') };
}
