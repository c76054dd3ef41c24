import type { ScoreSizes } from '../../../kernel/evidence.ts';
import type { TagWords } from '../../../kernel/evidence-tags.ts';

/** Scores that halve with time, one for each tag, in arrays that never grow. */
export interface ScoreTable {
  /** The score of a tag; of one that is not there, what it would begin with. */
  read: (tag: TagWords, nowMs: number) => number;
  /** Adds to a score, and makes room for it: not where every entry of the bucket has earned its place. */
  add: (tag: TagWords, amount: number, nowMs: number) => void;
  /** Takes back what was added. Of a tag that is not there, nothing. */
  takeBack: (tag: TagWords, amount: number, nowMs: number) => void;
  /** Remembers that somebody known was there, of a tag that has a score. */
  visited: (tag: TagWords, nowMs: number) => void;
  /** Whether somebody known was there within a time. */
  wasVisited: (tag: TagWords, nowMs: number, withinMs: number) => boolean;
  find: (tag: TagWords) => number | undefined;
  readonly bytes: number;
}

/**
 * Makes a table of `buckets` times `ways` entries. In a full bucket a newcomer displaces the lowest score and begins with it, up to a bound (the
 * idea of Space-Saving: Metwally, Agrawal and El Abbadi, ICDT 2005): whoever makes room for themselves by a flood begins no better than before it.
 */
export function createScoreTable({ buckets, ways, halfLifeMs, keptFrom, inheritsUpTo }: ScoreSizes, onTakenOver: (slot: number) => void = () => undefined): ScoreTable {
  const tags = createTags(buckets, ways);
  const scores = new Float64Array(buckets * ways);
  const times = new Float64Array(buckets * ways);
  const visits = new Float64Array(buckets * ways);

  function scoreAt(slot: number, nowMs: number): number {
    const ageMs = nowMs - (times[slot] as number);
    // A clock that was set back lets no score grow.
    return ageMs > 0 ? (scores[slot] as number) * 2 ** (-ageMs / halfLifeMs) : (scores[slot] as number);
  }

  function set(slot: number, score: number, nowMs: number): void {
    scores[slot] = score;
    times[slot] = nowMs;
  }

  function lowest(tag: TagWords, nowMs: number): number {
    const first = tags.firstOf(tag);
    let [slot, least] = [first, scoreAt(first, nowMs)];
    for (let each = first + 1; each < first + ways; each += 1) {
      const score = scoreAt(each, nowMs);
      if (score < least) [slot, least] = [each, score];
    }
    return slot;
  }

  return {
    find: tags.find,
    bytes: tags.bytes + scores.byteLength + times.byteLength + visits.byteLength,
    read: (tag, nowMs) => {
      const slot = tags.find(tag);
      return slot === undefined ? Math.min(inheritsUpTo, scoreAt(lowest(tag, nowMs), nowMs)) : scoreAt(slot, nowMs);
    },
    add: (tag, amount, nowMs) => {
      const known = tags.find(tag);
      const slot = known ?? lowest(tag, nowMs);
      const score = scoreAt(slot, nowMs);
      if (known === undefined) {
        if (score >= keptFrom) return;
        tags.put(slot, tag);
        visits[slot] = 0;
        onTakenOver(slot);
      }
      set(slot, (known === undefined ? Math.min(inheritsUpTo, score) : score) + amount, nowMs);
    },
    visited: (tag, nowMs) => {
      const slot = tags.find(tag);
      if (slot !== undefined) visits[slot] = nowMs;
    },
    wasVisited: (tag, nowMs, withinMs) => {
      const slot = tags.find(tag);
      return slot !== undefined && nowMs - (visits[slot] as number) < withinMs;
    },
    takeBack: (tag, amount, nowMs) => {
      const slot = tags.find(tag);
      if (slot !== undefined) set(slot, Math.max(0, scoreAt(slot, nowMs) - amount), nowMs);
    },
  };
}

/** Whose each entry is. The bucket is told by a keyed digest, so that nobody can aim at one. */
function createTags(buckets: number, ways: number) {
  const high = new Uint32Array(buckets * ways);
  const low = new Uint32Array(buckets * ways);
  const firstOf = ({ bucket }: TagWords): number => (bucket & (buckets - 1)) * ways;
  return {
    bytes: high.byteLength + low.byteLength,
    firstOf,
    find: (tag: TagWords): number | undefined => {
      const first = firstOf(tag);
      for (let slot = first; slot < first + ways; slot += 1) if (high[slot] === tag.high && low[slot] === tag.low) return slot;
      return undefined;
    },
    put: (slot: number, tag: TagWords): void => {
      high[slot] = tag.high;
      low[slot] = tag.low;
    },
  };
}
