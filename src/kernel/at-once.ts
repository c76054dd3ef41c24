/** Every file of the build has its own copy of this module: the name is what they share. */
const atOnce = Symbol.for('portcullis.at-once');

interface Offer {
  readonly by: object;
  readonly answer: unknown;
}

/**
 * Lets a piece answer at once to who asks by `atOnceOf`: awaiting an answer that is there already costs more than most answers. Not
 * enumerable, so that an object which the app makes of the piece (`{ ...limiter, take }`) does not have it: its own verb is asked.
 */
export function offerAtOnce<T extends object>(piece: T, answer: unknown): T {
  return Object.defineProperty(piece, atOnce, { value: Object.freeze({ by: piece, answer } satisfies Offer) });
}

/** What the piece itself has offered; undefined for whatever else stands in its place, also a proxy or an heir of it. */
export function atOnceOf(piece: object): unknown {
  const offer = (piece as { readonly [atOnce]?: Offer })[atOnce];
  return offer?.by === piece ? offer.answer : undefined;
}
