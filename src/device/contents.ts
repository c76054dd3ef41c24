import { readCookie, cookieLine } from '../kernel/cookies.ts';
import type { KeyRing } from '../kernel/keys.ts';
import { idBytes, secretBytes } from './secret.ts';

/** The one cookie of the piece. */
export const deviceCookieName = '__Host-portcullis-device';

/** One account that the browser has signed in to. Texts are base64url; the two tags are keyed digests. */
export interface Entry {
  readonly accountTag: string;
  readonly nameTag: string;
  readonly deviceId: string;
  readonly secret: string;
  /** How often the secret has been replaced. A lower one than the record's is proof of an old copy. */
  readonly generation: number;
  /** Of the account's record when the entry was made. */
  readonly version: number;
}

/** What the cookie holds. Of no more than {@link maxEntries} accounts, the one used last first. */
export interface Contents {
  /** The browser's own, from before it was known to anybody. */
  readonly secret: string;
  readonly entries: readonly Entry[];
}

/** Accounts of one browser. */
export const maxEntries = 4;

const format = 1;
const tagBytes = 16;
const headBytes = 2 + secretBytes;
const entryBytes = 2 * tagBytes + idBytes + secretBytes + 2 * 4;
const sizeBytes = headBytes + maxEntries * entryBytes;
const boundTo = 'device-cookie';

/** The Set-Cookie line: of one length, whatever it holds. */
export function cookieOf(keys: KeyRing, contents: Contents, maxAgeMs: number): string {
  return cookieLine({ name: deviceCookieName, value: keys.seal('device', bytesOf(contents), boundTo), maxAgeMs });
}

/** What the cookie of a Cookie header holds; undefined for none, and for one that is not ours. Never throws. */
export function contentsOf(keys: KeyRing, header: unknown): Contents | undefined {
  const value = readCookie(header, deviceCookieName);
  const opened = value === undefined ? undefined : keys.open('device', value, boundTo);
  return opened?.ok === true ? parsed(opened.plaintext) : undefined;
}

/** The contents with this entry first, in place of what they had for that account. The one unused for longest makes room. */
export function withEntry({ secret, entries }: Contents, entry: Entry, replaces: Entry | undefined): Contents {
  const others = entries.filter((other) => other !== replaces);
  return { secret, entries: [entry, ...others].slice(0, maxEntries) };
}

function bytesOf({ secret, entries }: Contents): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  bytes.writeUInt8(format, 0);
  bytes.writeUInt8(entries.length, 1);
  bytes.write(secret, 2, 'base64url');
  entries.forEach(({ accountTag, nameTag, deviceId, secret: own, generation, version }, index) => {
    let at = headBytes + index * entryBytes;
    for (const text of [accountTag, nameTag, deviceId, own]) at += bytes.write(text, at, 'base64url');
    at = bytes.writeUInt32BE(generation, at);
    bytes.writeUInt32BE(version, at);
  });
  return bytes;
}

function parsed(bytes: Buffer): Contents | undefined {
  if (bytes.length !== sizeBytes || bytes.readUInt8(0) !== format || bytes.readUInt8(1) > maxEntries) return undefined;
  const entries = Array.from({ length: bytes.readUInt8(1) }, (_, index) => entryAt(bytes, headBytes + index * entryBytes));
  return { secret: bytes.toString('base64url', 2, headBytes), entries };
}

function entryAt(bytes: Buffer, start: number): Entry {
  let at = start;
  const next = (size: number): string => bytes.toString('base64url', at, (at += size));
  return { accountTag: next(tagBytes), nameTag: next(tagBytes), deviceId: next(idBytes), secret: next(secretBytes), generation: bytes.readUInt32BE(at), version: bytes.readUInt32BE(at + 4) };
}
