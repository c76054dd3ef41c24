/** Unpredictable bytes. The default is `crypto.randomBytes`; a test may hand in a known sequence. */
export type RandomSource = (sizeBytes: number) => Buffer;
