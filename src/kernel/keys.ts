import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import { isUint8Array } from 'node:util/types';
import { ConfigError } from './errors.ts';
import { list, readOptions, text, wrong, type OptionReader } from './options.ts';

/** What a key is used for. Each purpose has a key of its own, so that nothing made for one is worth anything to another. */
export type KeyPurpose = 'identifier' | 'address' | 'account' | 'decoy' | 'pepper' | 'token' | 'code' | 'breach-cache' | 'factor' | 'device' | 'audit' | 'evidence' | 'alarm';

export interface KeyRingOptions {
  /**
   * One or more keys, newest first. The first makes everything new; the others still open what they made. The login guard's evidence is kept under the last.
   * `id`: 1 to 16 letters, digits, `-` or `_`, stored beside what the key made. `secret`: 32 random bytes.
   */
  readonly keys: readonly { readonly id: string; readonly secret: Uint8Array }[];
}

export type Opened = { readonly ok: true; readonly plaintext: Buffer } | { readonly ok: false; readonly reason: 'malformed' | 'unknown-key' | 'tampered' };

/** Keys by purpose, derived with HKDF-SHA-256 (RFC 5869) from the app's secrets. */
export interface KeyRing {
  /** The id of the key that makes everything new. */
  readonly newestId: string;
  /** HMAC-SHA-256 under the newest key, cut to 128 bits, base64url: the name of a value outside the process. */
  digest(purpose: KeyPurpose, value: string): string;
  /** The same under every key, newest first: to find what an older key named. */
  digests(purpose: KeyPurpose, value: string): readonly string[];
  /** The same under the oldest key alone: what it names stays the same when a key is added. */
  oldestDigest(purpose: KeyPurpose, value: string): string;
  /** 32 bytes for a purpose, under the key of that id; undefined for an id that is not on the ring. */
  derive(purpose: KeyPurpose, keyId: string): Buffer | undefined;
  /** AES-256-GCM under the newest key, `v1.<key id>.<base64url of nonce, ciphertext, tag>`. `boundTo` is authenticated, not stored. */
  seal(purpose: KeyPurpose, plaintext: string | Uint8Array, boundTo: string): string;
  /** Opens what `seal` made for the same purpose and binding. Never throws; an unknown key id fails. */
  open(purpose: KeyPurpose, sealed: string, boundTo: string): Opened;
}

const nonceBytes = 12;
const tagBytes = 16;
const secretBytes = 32;

const secretOption: OptionReader<Uint8Array> = (given, name) => {
  if (!isUint8Array(given) || given.length !== secretBytes) throw wrong(name, `a Uint8Array of ${secretBytes} bytes (openssl rand -base64 ${secretBytes}, decoded)`, given);
  if (given.every((byte) => byte === given[0])) throw new ConfigError(`${name}: expected random bytes, got ${secretBytes} times the same one`);
  return Uint8Array.from(given);
};

const keyOption: OptionReader<{ readonly id: string; readonly secret: Uint8Array }> = (given, name) => {
  const key = readOptions(name, given, { id: text(), secret: secretOption });
  if (!/^[\w-]{1,16}$/.test(key.id)) throw new ConfigError(`${name}.id: expected 1 to 16 letters, digits, "-" or "_"`);
  return key;
};

/** Makes the key ring. Throws ERR_CONFIG for no key, a short key or two keys of one id. */
export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { keys } = readOptions('keyRing', options, { keys: list(keyOption) });
  const [newest, oldest] = [keys[0], keys.at(-1)];
  if (newest === undefined || oldest === undefined) throw new ConfigError('keyRing.keys: expected at least one key, got an empty array');
  if (new Set(keys.map(({ id }) => id)).size < keys.length) throw new ConfigError('keyRing.keys: expected every id once, got one twice');
  const secrets = new Map(keys.map(({ id, secret }) => [id, secret]));
  const known = new Map<string, Derived>();

  function derived(purpose: KeyPurpose, keyId: string): Derived | undefined {
    const secret = secrets.get(keyId);
    if (secret === undefined) return undefined;
    const slot = `${purpose} ${keyId}`;
    const made = known.get(slot) ?? derivedOf(Buffer.from(hkdfSync('sha256', secret, '', `portcullis/${purpose}`, secretBytes)));
    known.set(slot, made);
    return made;
  }

  function keyOf(purpose: KeyPurpose, keyId: string): KeyObject {
    const made = derived(purpose, keyId);
    if (made === undefined) throw new ConfigError(`keyRing: no key has the id "${keyId}"`);
    return made.key;
  }

  return Object.freeze({
    newestId: newest.id,
    digest: (purpose, value) => tag(keyOf(purpose, newest.id), value),
    digests: (purpose, value) => keys.map(({ id }) => tag(keyOf(purpose, id), value)),
    oldestDigest: (purpose, value) => tag(keyOf(purpose, oldest.id), value),
    derive(purpose, keyId) {
      const made = derived(purpose, keyId);
      return made && Buffer.from(made.bytes);
    },
    seal: (purpose, plaintext, boundTo) => `v1.${newest.id}.${encrypt(keyOf(purpose, newest.id), plaintext, boundTo)}`,
    open(purpose, sealed, boundTo) {
      const [, keyId = '', body = ''] = /^v1\.([\w-]{1,16})\.([\w-]+)$/.exec(sealed) ?? [];
      if (body === '') return { ok: false, reason: 'malformed' };
      const made = derived(purpose, keyId);
      return made === undefined ? { ok: false, reason: 'unknown-key' } : decrypt(made.key, body, boundTo);
    },
  } satisfies KeyRing);
}

/** `key`: what Node makes of the bytes. It would make it again for each digest, which costs four times as much as the digest. */
interface Derived {
  readonly bytes: Buffer;
  readonly key: KeyObject;
}

function derivedOf(bytes: Buffer): Derived {
  return { bytes, key: createSecretKey(bytes) };
}

function tag(key: KeyObject, value: string): string {
  return createHmac('sha256', key).update(value).digest().subarray(0, 16).toString('base64url');
}

function encrypt(key: KeyObject, plaintext: string | Uint8Array, boundTo: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(boundTo));
  const body = Buffer.concat([cipher.update(Buffer.from(plaintext as Uint8Array)), cipher.final()]);
  return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url');
}

function decrypt(key: KeyObject, body: string, boundTo: string): Opened {
  const bytes = Buffer.from(body, 'base64url');
  // One way to write it: the last character of base64url has bits that decoders ignore (RFC 4648 section 3.5).
  if (bytes.length < nonceBytes + tagBytes || bytes.toString('base64url') !== body) return { ok: false, reason: 'malformed' };
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(boundTo)).setAuthTag(bytes.subarray(-tagBytes));
  try {
    return { ok: true, plaintext: Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]) };
  } catch {
    return { ok: false, reason: 'tampered' };
  }
}
