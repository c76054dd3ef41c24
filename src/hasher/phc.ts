import type { HashParameters } from './engine.ts';

/** One argon2id hash as it is stored. */
export interface StoredHash {
  readonly parameters: HashParameters;
  /** The id of the key that peppered it; undefined without a pepper. */
  readonly keyId: string | undefined;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

export type ReadHash =
  /** `canonical`: written as {@link writeHash} writes it. Other orders are read, but libargon2 refuses them. */
  | { readonly ok: true; readonly hash: StoredHash; readonly canonical: boolean }
  /** `other`: another algorithm or version. `excessive`: well-formed, but it would cost more than any hash should. */
  | { readonly ok: false; readonly reason: 'other' | 'malformed' | 'excessive' };

/** Longest stored string that is looked at, characters. */
export const maxStoredChars = 1_024;

/**
 * What a stored hash may ask for. Whoever can write one row of the user table must not be able to make every sign-in
 * of it take gigabytes or minutes, nor accept a tag that is easily hit.
 */
export const storedBounds = Object.freeze({ maxMemoryKiB: 262_144, maxPasses: 16, maxLanes: 16, minSaltBytes: 8, maxSaltBytes: 64, minTagBytes: 16, maxTagBytes: 64 });

const prefix = '$argon2id$v=19$';

/** The PHC string, parameters in the order m, t, p that libargon2 demands. A pepper's key id is `keyid`, base64 as the format has it. */
export function writeHash({ parameters, keyId, salt, tag }: StoredHash): string {
  const { memoryKiB, passes, lanes } = parameters;
  const key = keyId === undefined ? '' : `,keyid=${base64(Buffer.from(keyId))}`;
  return `${prefix}m=${memoryKiB},t=${passes},p=${lanes}${key}$${base64(salt)}$${base64(tag)}`;
}

/** Reads what {@link writeHash} wrote, or the same with its parameters in another order. Never throws. */
export function readHash(stored: string): ReadHash {
  if (!stored.startsWith(prefix)) return { ok: false, reason: 'other' };
  const [fields = '', salt = '', tag = '', ...rest] = stored.length > maxStoredChars ? [] : stored.slice(prefix.length).split('$');
  const values = readFields(fields);
  const saltBytes = bytesOf(salt);
  const tagBytes = bytesOf(tag);
  if (rest.length > 0 || values === undefined || saltBytes === undefined || tagBytes === undefined) return { ok: false, reason: 'malformed' };
  const { parameters, keyId } = values;
  if (!withinBounds(parameters, saltBytes.length, tagBytes.length)) return { ok: false, reason: 'excessive' };
  const hash = { parameters, keyId, salt: saltBytes, tag: tagBytes };
  return { ok: true, hash, canonical: writeHash(hash).startsWith(`${prefix}${fields}$`) };
}

interface Fields {
  readonly parameters: HashParameters;
  readonly keyId: string | undefined;
}

/** `m`, `t` and `p` in any order, each once, and perhaps `keyid`. */
function readFields(text: string): Fields | undefined {
  const fields = new Map<string, string>();
  for (const field of text.split(',')) {
    const [, name, value] = /^(m|t|p|keyid)=([\w+/]{1,22})$/.exec(field) ?? [];
    if (name === undefined || value === undefined || fields.has(name)) return undefined;
    fields.set(name, value);
  }
  const memoryKiB = wholeNumber(fields.get('m'));
  const passes = wholeNumber(fields.get('t'));
  const lanes = wholeNumber(fields.get('p'));
  if (memoryKiB === undefined || passes === undefined || lanes === undefined) return undefined;
  const keyId = fields.get('keyid');
  return keyId === undefined ? { parameters: { memoryKiB, passes, lanes }, keyId } : withKeyId({ memoryKiB, passes, lanes }, keyId);
}

function withKeyId(parameters: HashParameters, encoded: string): Fields | undefined {
  const keyId = bytesOf(encoded)?.toString('latin1');
  return keyId !== undefined && /^[\w-]{1,16}$/.test(keyId) ? { parameters, keyId } : undefined;
}

function withinBounds({ memoryKiB, passes, lanes }: HashParameters, saltBytes: number, tagBytes: number): boolean {
  const { maxMemoryKiB, maxPasses, maxLanes, minSaltBytes, maxSaltBytes, minTagBytes, maxTagBytes } = storedBounds;
  // 8 blocks of 1 KiB per lane: RFC 9106 section 3.1.
  if (lanes > maxLanes || memoryKiB < 8 * lanes || memoryKiB > maxMemoryKiB || passes > maxPasses) return false;
  return saltBytes >= minSaltBytes && saltBytes <= maxSaltBytes && tagBytes >= minTagBytes && tagBytes <= maxTagBytes;
}

function wholeNumber(digits: string | undefined): number | undefined {
  return digits !== undefined && /^[1-9]\d{0,9}$/.test(digits) ? Number(digits) : undefined;
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

/** The bytes of unpadded base64, or undefined where it is not the one way to write them. */
function bytesOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && base64(bytes) === text ? bytes : undefined;
}
