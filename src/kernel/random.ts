import { randomBytes } from 'node:crypto';
import type { RandomSource } from '../ports/random.ts';

/** The machine's cryptographic generator. */
export const systemRandom: RandomSource = (sizeBytes) => randomBytes(sizeBytes);
