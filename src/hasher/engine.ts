import { ConfigError } from '../kernel/errors.ts';

/** The cost of one argon2id derivation (RFC 9106 section 3.1). */
export interface HashParameters {
  /** Memory, KiB (`m`). */
  readonly memoryKiB: number;
  /** Passes over the memory (`t`). */
  readonly passes: number;
  /** Lanes (`p`). */
  readonly lanes: number;
}

/** Derives argon2id tags, version 0x13, and nothing else. The hasher writes and reads the stored strings itself. */
export interface HashEngine {
  readonly name: string;
  /** `tagBytes` bytes. A rejection means that the engine is broken: the parameters were checked before. */
  derive(input: {
    readonly password: Uint8Array;
    readonly salt: Uint8Array;
    readonly parameters: HashParameters;
    readonly tagBytes: number;
    /** The key of a keyed derivation (`K`), 32 bytes: the pepper. */
    readonly secret?: Uint8Array;
  }): Promise<Uint8Array>;
}

type Derive = HashEngine['derive'];

/** The engine of the `argon2` package, which is a dependency. Its native part is loaded by the first derivation. */
export function argon2Engine(): HashEngine {
  return lazyEngine('argon2', async () => {
    const { hash, argon2id } = await import('argon2');
    return ({ password, salt, parameters, tagBytes, secret }) =>
      hash(Buffer.from(password), {
        raw: true,
        type: argon2id,
        memoryCost: parameters.memoryKiB,
        timeCost: parameters.passes,
        parallelism: parameters.lanes,
        hashLength: tagBytes,
        salt: Buffer.from(salt),
        ...(secret === undefined ? {} : { secret: Buffer.from(secret) }),
      });
  });
}

/** The engine of the `@node-rs/argon2` package (an optional peer), loaded by the first derivation. The fastest measured. */
export function nodeRsEngine(): HashEngine {
  return lazyEngine('@node-rs/argon2', async () => {
    const { hashRaw } = await import('@node-rs/argon2');
    return ({ password, salt, parameters, tagBytes, secret }) =>
      // argon2id and version 0x13 are its defaults; it declares them as const enums, which other builds cannot name.
      hashRaw(password, {
        memoryCost: parameters.memoryKiB,
        timeCost: parameters.passes,
        parallelism: parameters.lanes,
        outputLen: tagBytes,
        salt,
        ...(secret === undefined ? {} : { secret }),
      });
  });
}

/** The engine of `node:crypto`: no package, but Node 24 or newer. Throws ERR_CONFIG on an older Node, at the first derivation. */
export function nodeCryptoEngine(): HashEngine {
  return lazyEngine('node:crypto', async () => {
    const { argon2 } = await import('node:crypto');
    // The types know it on every Node; Node 22 does not have it.
    if (typeof (argon2 as unknown) !== 'function') throw new ConfigError('hasher.engine: expected Node 24 or newer for node:crypto; hand in another engine');
    return ({ password, salt, parameters, tagBytes, secret }) =>
      new Promise((resolve, reject) => {
        const { memoryKiB, passes, lanes } = parameters;
        const input = { message: password, nonce: salt, memory: memoryKiB, passes, parallelism: lanes, tagLength: tagBytes, ...(secret === undefined ? {} : { secret }) };
        argon2('argon2id', input, (error, tag) => {
          if (error === null) resolve(tag);
          else reject(error);
        });
      });
  });
}

/** The faster engine that is there: `@node-rs/argon2` where the app has installed it, else `argon2`. */
export function installedEngine(): HashEngine {
  const fast = nodeRsEngine();
  const sure = argon2Engine();
  return {
    name: 'installed',
    derive: (input) =>
      fast.derive(input).catch((error: unknown) => {
        // Not installed, or without a binary for this platform. What it says of a derivation is not hidden.
        if (error instanceof ConfigError) return sure.derive(input);
        throw error;
      }),
  };
}

/** Whether the engine works on libuv's threads, which files, DNS and zlib share. */
export function sharesThreadPool(engine: HashEngine): boolean {
  return ['argon2', '@node-rs/argon2', 'node:crypto', 'installed'].includes(engine.name);
}

function lazyEngine(name: string, load: () => Promise<Derive>): HashEngine {
  let loading: Promise<Derive> | undefined;
  return Object.freeze({
    name,
    async derive(input) {
      loading ??= load().catch((cause: unknown) => {
        if (cause instanceof ConfigError) throw cause;
        throw new ConfigError(`hasher.engine: ${name} cannot be loaded; install it or hand in another engine`, { cause });
      });
      const derive = await loading;
      return derive(input);
    },
  } satisfies HashEngine);
}
