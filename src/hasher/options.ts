import { systemClock } from '../kernel/clock.ts';
import { ConfigError } from '../kernel/errors.ts';
import type { KeyRing } from '../kernel/keys.ts';
import { callback, flag, integer, list, optional, port, readOptions, text, wrong, type OptionReader } from '../kernel/options.ts';
import { systemRandom } from '../kernel/random.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RandomSource } from '../ports/random.ts';
import { installedEngine, sharesThreadPool, type HashEngine, type HashParameters } from './engine.ts';
import type { GateOptions } from './gate.ts';
import { storedBounds } from './phc.ts';

/** Verifies a hash that is not argon2id: bcrypt, scrypt, PBKDF2 or what else the app has. Answers whether it matches. */
export type LegacyVerifier = (question: { readonly password: string; readonly stored: string }) => Promise<boolean>;

/** One kind of hash in the user table. */
export interface StoredKind {
  /** How many accounts have this kind, as a count or a part: only the proportions matter. More than 0. */
  readonly share: number;
  /** A stored string of this kind, argon2id or legacy, of no account. It never matches. */
  readonly example: string;
}

export interface HasherOptions {
  /** The cost of new hashes. Default 19,456 KiB, 2 passes, 1 lane. Below ASVS 5.0 appendix C it throws. */
  readonly parameters?: HashParameters;
  /** Who does the arithmetic. Default: `@node-rs/argon2` where it is installed, else `argon2`. */
  readonly engine?: HashEngine;
  /** Required for a pepper and for a `storedMix` of several kinds. Old keys stay on it as long as their hashes. */
  readonly keys?: KeyRing;
  /** Whether new hashes are keyed with a secret from `keys`. Default false. */
  readonly pepper?: boolean;
  readonly gate?: GateOptions;
  /** Verifies hashes that are not argon2id. Default: they match nothing. */
  readonly legacy?: LegacyVerifier;
  /** The kinds of hashes in the user table, which the work for unknown names imitates. Default: new hashes only. */
  readonly storedMix?: readonly StoredKind[];
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly emit?: Emit;
}

/**
 * The defaults of `createHasher`. Parameters: OWASP Password Storage Cheat Sheet and ASVS 5.0 appendix C. The gate's
 * `maxRunning` is taken from the machine. 500 ms: a person waits for less than a second in all.
 */
export const hasherDefaults = Object.freeze({
  parameters: Object.freeze({ memoryKiB: 19_456, passes: 2, lanes: 1 }),
  pepper: false,
  gate: Object.freeze({ maxWaiting: 256, maxWaitMs: 500 }),
});

const parametersOption: OptionReader<HashParameters> = (given, name) => {
  if (given === undefined) return hasherDefaults.parameters;
  const parameters = readOptions(name, given, {
    memoryKiB: integer({ min: 1, max: storedBounds.maxMemoryKiB }),
    passes: integer({ min: 1, max: storedBounds.maxPasses }),
    // More lanes make one derivation take several cores, of which the gate would know nothing.
    lanes: integer({ min: 1, max: 1, fallback: 1 }),
  });
  const { memoryKiB, passes } = parameters;
  const floorKiB = passes === 1 ? 47_104 : passes === 2 ? 19_456 : 12_288;
  if (memoryKiB < floorKiB) throw new ConfigError(`${name}.memoryKiB: expected at least ${floorKiB} with ${passes} passes (ASVS 5.0 appendix C), got ${memoryKiB}`);
  return parameters;
};

const gateOption: OptionReader<Required<GateOptions>> = (given, name) =>
  readOptions(name, given, {
    maxRunning: integer({ min: 1, max: 1_024, fallback: defaultMaxRunning() }),
    maxWaiting: integer({ min: 0, max: 100_000, fallback: hasherDefaults.gate.maxWaiting }),
    maxWaitMs: integer({ min: 1, max: 60_000, fallback: hasherDefaults.gate.maxWaitMs }),
  });

const engineOption: OptionReader<HashEngine> = (given, name) => {
  const engine = port<HashEngine>(['derive'], installedEngine)(given, name);
  text()(engine.name, `${name}.name`);
  return engine;
};

const shareOption: OptionReader<number> = (given, name) => {
  if (typeof given !== 'number' || !Number.isFinite(given) || given <= 0) throw wrong(name, 'a number greater than 0', given);
  return given;
};

const kindOption: OptionReader<StoredKind> = (given, name) => readOptions(name, given, { share: shareOption, example: text() });

/** Parses the options once. Throws ERR_CONFIG. */
export function readHasherOptions(options: HasherOptions) {
  const parsed = readOptions('hasher', options, {
    parameters: parametersOption,
    engine: engineOption,
    keys: optional(port<KeyRing>(['digest', 'derive'], undefined, 'createKeyRing()')),
    pepper: flag(hasherDefaults.pepper),
    gate: gateOption,
    legacy: optional(callback<LegacyVerifier>()),
    storedMix: list(kindOption, []),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    random: callback<RandomSource>(systemRandom),
    emit: callback<Emit>(() => undefined),
  });
  const { keys, pepper, storedMix, engine, gate } = parsed;
  if (pepper && keys === undefined) throw new ConfigError('hasher.keys: expected a key ring, because pepper is true; got nothing');
  if (storedMix.length > 1 && keys === undefined) throw new ConfigError('hasher.keys: expected a key ring, because storedMix has several kinds; got nothing');
  if (sharesThreadPool(engine) && gate.maxRunning >= threadPoolSize()) {
    throw new ConfigError(`hasher.gate.maxRunning: expected less than the ${threadPoolSize()} threads that files share (UV_THREADPOOL_SIZE), got ${gate.maxRunning}`);
  }
  return parsed;
}

/** The threads on which Node reads files and engines derive: 4 unless the environment says otherwise. */
function threadPoolSize(): number {
  const given = Number(process.env['UV_THREADPOOL_SIZE']);
  return Number.isInteger(given) && given >= 1 ? Math.min(given, 1_024) : 4;
}

/**
 * One more than there are cores, since with one each a core waits between two derivations until the event loop hands it
 * the next (measured on two cores with other work beside: 0.71 of the capacity, and 0.96 so). All threads of the pool would make files wait.
 */
function defaultMaxRunning(): number {
  // Not imported: whoever imports the package would wait for it.
  const { availableParallelism } = process.getBuiltinModule('node:os');
  return Math.max(1, Math.min(availableParallelism() + 1, threadPoolSize() - 1));
}
