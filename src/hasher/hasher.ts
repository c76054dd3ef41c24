import { secretsEqual } from '../kernel/compare.ts';
import { withDeadline } from '../kernel/deadline.ts';
import { errorName, isPortcullisError, StoreError } from '../kernel/errors.ts';
import { oncePer } from '../kernel/once-per.ts';
import { createGate } from './gate.ts';
import { readHasherOptions, type HasherOptions } from './options.ts';
import { readPassword, type PasswordForms } from './password.ts';
import { writeHash } from './phc.ts';
import { createDecoys, newSaltBytes, newTagBytes, readRoad, type Road, type RoadContext } from './road.ts';

/** `rehash`: hash the password anew and store that, because what is stored is out of date. */
export type HashVerdict = { readonly ok: true; readonly rehash: boolean } | { readonly ok: false };

export interface Hasher {
  /**
   * The PHC string of a password, argon2id over its NFC form. Rejects with a TypeError for what `verify` could never
   * match: no string, empty, lone surrogates, over 1,024 bytes. Rejects with ERR_BUSY (`retryAfterMs`) when the gate is
   * full, and with ERR_STORE when the engine fails.
   */
  hash(password: string): Promise<string>;
  /**
   * Whether the password matches what is stored. `stored` undefined: nobody, or an account without a password; the same
   * work is done and the answer is no. `name`: the canonical identifier, which chooses that work. Never rejects for what
   * a user sent or a row holds; rejects with ERR_BUSY, before anything is looked at, and with ERR_STORE as `hash` does.
   */
  verify(question: { readonly password: string; readonly stored: string | undefined; readonly name: string }): Promise<HashVerdict>;
  /** How many passwords are worked on and how many wait, now: for a gauge. */
  load(): { readonly running: number; readonly waiting: number };
}

type Parts = ReturnType<typeof readHasherOptions>;

/** A legacy verifier that never answers must not hold its place for ever. */
const legacyDeadlineMs = 5_000;
const maxNameChars = 320;
/** In an overload every sign-in is refused: one event in this time says it. */
const busyQuietMs = 10_000;

/**
 * Makes the hasher: argon2id behind a gate, older hashes beside it, equal work for nobody (OWASP ASVS 5.0 6.3.8, 11.4.2,
 * 15.2.2). Throws ERR_CONFIG. Native code is loaded by the first password, not by the import.
 */
export function createHasher(options: HasherOptions = {}): Hasher {
  const parts = readHasherOptions(options);
  const { parameters, keys, pepper, legacy, storedMix, gate: bounds, clock, emit } = parts;
  const context: RoadContext = { parameters, keys, pepperKeyId: pepper ? keys?.newestId : undefined, hasLegacy: legacy !== undefined };
  const decoyOf = createDecoys(storedMix, context);
  const mayTell = oncePer(busyQuietMs, clock);
  const gate = createGate({ ...bounds, clock, onBusy: (state) => { if (mayTell('busy')) emit({ type: 'hasher.busy', ...state }); } });

  function roadOf(stored: unknown, name: string): { readonly road: Road; readonly real: boolean } {
    if (typeof stored !== 'string' || stored === '') return { road: decoyOf(name), real: false };
    const read = readRoad(stored, context);
    if (read.ok) return { road: read.road, real: true };
    emit({ type: 'hasher.unreadable-hash', reason: read.reason, ...(keys === undefined ? {} : { nameTag: keys.digest('identifier', name) }) });
    return { road: decoyOf(name), real: false };
  }

  return Object.freeze({
    async hash(password) {
      const { usable, nfc } = readPassword(password);
      if (!usable) throw new TypeError('hasher.hash: expected well-formed text of 1 to 1,024 bytes after NFC');
      return gate.run(() => newHash(nfc, parts, context));
    },
    verify({ password, stored, name }) {
      return gate.run(async () => {
        const forms = readPassword(password);
        const { road, real } = roadOf(stored, typeof name === 'string' ? name.slice(0, maxNameChars) : '');
        const { matched, current } = await walk(road, forms, parts);
        // Only here does it matter whether there was anybody.
        return matched && real && forms.usable ? { ok: true, rehash: !current } : { ok: false };
      });
    },
    load: gate.load,
  } satisfies Hasher);
}

interface Walked {
  readonly matched: boolean;
  readonly current: boolean;
}

async function newHash(password: string, parts: Parts, { pepperKeyId }: RoadContext): Promise<string> {
  const { parameters, keys, random } = parts;
  const salt = random(newSaltBytes);
  const secret = pepperKeyId === undefined ? undefined : keys?.derive('pepper', pepperKeyId);
  const tag = await derive({ password, salt, parameters, tagBytes: newTagBytes, secret }, parts);
  return writeHash({ parameters, keyId: pepperKeyId, salt, tag });
}

function walk(road: Road, forms: PasswordForms, parts: Parts): Promise<Walked> {
  return road.kind === 'argon2id' ? walkArgon2id(road, forms, parts) : walkLegacy(road.stored, forms, parts);
}

/** Both forms are tried where they differ, whichever matches: how many times depends on what was typed alone. */
async function walkArgon2id({ hash, secret, current }: Extract<Road, { kind: 'argon2id' }>, { nfc, raw }: PasswordForms, parts: Parts): Promise<Walked> {
  const { parameters, salt, tag } = hash;
  const matches = async (password: string): Promise<boolean> => secretsEqual(await derive({ password, salt, parameters, tagBytes: tag.length, secret }, parts), tag);
  const byNfc = await matches(nfc);
  const byRaw = raw === undefined ? false : await matches(raw);
  return { matched: byNfc || byRaw, current: current && byNfc };
}

/**
 * The app's verifier, then one argon2id derivation: an old, cheap hash must not be known by its quick answer. One after
 * the other, because the place in the gate is one place.
 */
async function walkLegacy(stored: string, { nfc, raw }: PasswordForms, parts: Parts): Promise<Walked> {
  const byRaw = await askLegacy({ password: raw ?? nfc, stored }, parts);
  const byNfc = raw === undefined ? false : await askLegacy({ password: nfc, stored }, parts);
  await derive({ password: nfc, salt: Buffer.alloc(newSaltBytes), parameters: parts.parameters, tagBytes: newTagBytes, secret: undefined }, parts);
  return { matched: byRaw || byNfc, current: false };
}

async function askLegacy(question: { readonly password: string; readonly stored: string }, { legacy, clock, emit }: Parts): Promise<boolean> {
  try {
    const asked = (async () => (await legacy?.(question)) as unknown)();
    return (await withDeadline(asked, { clock, deadlineMs: legacyDeadlineMs, onLate: () => new Error('late') })) === true;
  } catch (error) {
    emit({ type: 'hasher.legacy-failed', error: errorName(error) });
    return false;
  }
}

interface Derivation {
  readonly password: string;
  readonly salt: Buffer;
  readonly parameters: Parts['parameters'];
  readonly tagBytes: number;
  readonly secret: Buffer | undefined;
}

/** Throws ERR_STORE for an engine that fails or answers nonsense: nobody is told that a password is wrong because of it. */
async function derive({ password, secret, ...rest }: Derivation, { engine }: Parts): Promise<Buffer> {
  let tag: unknown;
  try {
    tag = await engine.derive({ ...rest, password: Buffer.from(password), ...(secret === undefined ? {} : { secret }) });
  } catch (cause) {
    throw isPortcullisError(cause) ? cause : new StoreError('hasher.engine: the derivation failed', { cause });
  }
  if (!(tag instanceof Uint8Array) || tag.length !== rest.tagBytes) throw new StoreError(`hasher.engine: expected ${rest.tagBytes} bytes`);
  return Buffer.from(tag);
}
