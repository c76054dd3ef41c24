export { argon2Engine, nodeCryptoEngine, nodeRsEngine, type HashEngine, type HashParameters } from './engine.ts';
export type { GateOptions } from './gate.ts';
export { createHasher, type Hasher, type HashVerdict } from './hasher.ts';
export { hasherDefaults, type HasherOptions, type LegacyVerifier, type StoredKind } from './options.ts';
