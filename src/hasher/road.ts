import { sha256 } from '../kernel/compare.ts';
import { ConfigError } from '../kernel/errors.ts';
import type { KeyRing } from '../kernel/keys.ts';
import type { HashParameters } from './engine.ts';
import type { StoredKind } from './options.ts';
import { maxStoredChars, readHash, type StoredHash } from './phc.ts';

/** Why a stored string can match nothing. */
export type UnreadableReason = 'malformed' | 'excessive' | 'unknown-key' | 'no-legacy-verifier';

/** The work that one verification is. `current`: nothing about the stored string is out of date. */
export type Road =
  | { readonly kind: 'argon2id'; readonly hash: StoredHash; readonly secret: Buffer | undefined; readonly current: boolean }
  | { readonly kind: 'legacy'; readonly stored: string };

export type ReadRoad = { readonly ok: true; readonly road: Road } | { readonly ok: false; readonly reason: UnreadableReason };

export interface RoadContext {
  readonly parameters: HashParameters;
  readonly keys: KeyRing | undefined;
  /** The key of new hashes; undefined without a pepper. */
  readonly pepperKeyId: string | undefined;
  readonly hasLegacy: boolean;
}

export const newSaltBytes = 16;
export const newTagBytes = 32;

/** What verifying this stored string takes. Never throws. */
export function readRoad(stored: string, context: RoadContext): ReadRoad {
  const read = readHash(stored);
  if (!read.ok) {
    if (read.reason !== 'other') return { ok: false, reason: read.reason };
    if (stored.length > maxStoredChars) return { ok: false, reason: 'malformed' };
    return context.hasLegacy ? { ok: true, road: { kind: 'legacy', stored } } : { ok: false, reason: 'no-legacy-verifier' };
  }
  const { hash, canonical } = read;
  const secret = hash.keyId === undefined ? undefined : context.keys?.derive('pepper', hash.keyId);
  // Never "then without a pepper": a hash whose key is gone matches nothing until the key is back.
  if (hash.keyId !== undefined && secret === undefined) return { ok: false, reason: 'unknown-key' };
  return { ok: true, road: { kind: 'argon2id', hash, secret, current: canonical && isCurrent(hash, context) } };
}

function isCurrent({ parameters, keyId, salt, tag }: StoredHash, context: RoadContext): boolean {
  const { memoryKiB, passes, lanes } = context.parameters;
  const sameCost = parameters.memoryKiB === memoryKiB && parameters.passes === passes && parameters.lanes === lanes;
  return sameCost && keyId === context.pepperKeyId && salt.length >= newSaltBytes && tag.length === newTagBytes;
}

/**
 * Makes the function that chooses the work for nobody: always the same for a name, and over many names in the
 * proportions of the declared mix. Without it, a table half full of old hashes would answer known names faster or slower
 * than unknown ones. Throws ERR_CONFIG for an example that cannot be read.
 */
export function createDecoys(mix: readonly StoredKind[], context: RoadContext): (name: string) => Road {
  const own = ownRoad(context);
  const kinds = mix.map(({ share, example }, index) => ({ share, road: exampleRoad(example, `hasher.storedMix[${index}].example`, context) }));
  const total = kinds.reduce((sum, { share }) => sum + share, 0);
  return (name) => {
    let rest = placeOf(name, context.keys) * total;
    for (const { share, road } of kinds) {
      if (rest < share) return road;
      rest -= share;
    }
    return kinds.at(-1)?.road ?? own;
  };
}

function ownRoad({ parameters, keys, pepperKeyId }: RoadContext): Road {
  const hash = { parameters, keyId: pepperKeyId, salt: Buffer.alloc(newSaltBytes), tag: Buffer.alloc(newTagBytes) };
  return { kind: 'argon2id', hash, secret: pepperKeyId === undefined ? undefined : keys?.derive('pepper', pepperKeyId), current: true };
}

function exampleRoad(example: string, name: string, context: RoadContext): Road {
  const read = readRoad(example, context);
  if (!read.ok) throw new ConfigError(`${name}: expected a stored hash that this hasher can verify, got one that is ${read.reason}`);
  return read.road;
}

/** A number from 0 up to 1 for every name, which nobody without the key can foretell. Without keys there is one kind. */
function placeOf(name: string, keys: KeyRing | undefined): number {
  return keys === undefined ? 0 : sha256(keys.digest('decoy', name)).readUIntBE(0, 6) / 2 ** 48;
}
