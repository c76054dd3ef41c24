/** Numbers in [0, 1), the same for the same seed. */
export type Stream = () => number;

/** A 32-bit digest of a text (FNV-1a, then mixed). Names streams; nothing here is a secret. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
}

/** Spreads the bits of a 32-bit number (the finalizer of MurmurHash3). */
export function mix(value: number): number {
  let mixed = value >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * One sfc32 stream for one purpose: what is drawn for one thing never moves the draws for another. `purpose` is any text,
 * `seed` and `index` any whole numbers.
 */
export function stream(purpose: string, seed: number, index = 0): Stream {
  return seeded(hashText(purpose), mix(seed + 0x9e3779b9), mix(index ^ 0x51ed270b));
}

function seeded(first: number, second: number, third: number): Stream {
  let a = first | 0;
  let b = second | 0;
  let c = third | 0;
  let d = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let turn = 0; turn < 12; turn += 1) next();
  return next;
}

/** A whole number in [0, bound). */
export function below(next: Stream, bound: number): number {
  return Math.floor(next() * bound);
}

/** How many of the events of a Poisson process with this mean happen. For means below some hundreds. */
export function poisson(next: Stream, mean: number): number {
  const limit = Math.exp(-mean);
  let product = next();
  let count = 0;
  while (product > limit) {
    product *= next();
    count += 1;
  }
  return count;
}

/** The numbers 0 to `count` - 1 in an order of the stream's choosing (Fisher-Yates). */
export function shuffledNumbers(next: Stream, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = below(next, last + 1);
    const kept = order[last] as number;
    order[last] = order[other] as number;
    order[other] = kept;
  }
  return order;
}
