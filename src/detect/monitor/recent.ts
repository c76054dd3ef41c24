/** What was seen lately, each thing once: exact, and never more than somebody asks for. Plain data, since there are thousands. */
export interface Recent {
  /** Oldest sight first. */
  readonly marks: number[];
  readonly times: number[];
}

export interface RecentBounds {
  readonly windowMs: number;
  /** Beyond so many the oldest goes. */
  readonly most: number;
}

export function createRecent(): Recent {
  return { marks: [], times: [] };
}

/** Answers whether it was not there. */
export function addRecent(recent: Recent, mark: number, nowMs: number, { windowMs, most }: RecentBounds): boolean {
  expire(recent, nowMs - windowMs);
  const { marks, times } = recent;
  const at = marks.indexOf(mark);
  if (at >= 0) {
    marks.splice(at, 1);
    times.splice(at, 1);
  }
  marks.push(mark);
  times.push(nowMs);
  const over = Math.max(0, marks.length - most);
  if (over > 0) {
    marks.splice(0, over);
    times.splice(0, over);
  }
  return at < 0;
}

export function removeRecent(recent: Recent | undefined, mark: number): void {
  const at = recent?.marks.indexOf(mark) ?? -1;
  if (recent === undefined || at < 0) return;
  recent.marks.splice(at, 1);
  recent.times.splice(at, 1);
}

export function clearRecent(recent: Recent | undefined): void {
  recent?.marks.splice(0);
  recent?.times.splice(0);
}

export function countRecent(recent: Recent | undefined, nowMs: number, windowMs: number): number {
  if (recent === undefined) return 0;
  expire(recent, nowMs - windowMs);
  return recent.marks.length;
}

/** When the oldest of them was seen last. */
export function oldestOf(recent: Recent | undefined, elseMs: number): number {
  return recent?.times[0] ?? elseMs;
}

export function hasRecent(recent: Recent | undefined, mark: number, nowMs: number, windowMs: number): boolean {
  return countRecent(recent, nowMs, windowMs) > 0 && recent?.marks.includes(mark) === true;
}

function expire({ marks, times }: Recent, beforeMs: number): void {
  let gone = 0;
  while (gone < times.length && (times[gone] as number) <= beforeMs) gone += 1;
  if (gone === 0) return;
  marks.splice(0, gone);
  times.splice(0, gone);
}

/** How many distinct things, about: linear counting (Whang, Vander-Zanden and Taylor 1990), within a few percent up to some 20,000. */
export interface DistinctCount {
  add(mark: number): void;
  total(): number;
}

const bitsOfCount = 4_096;

/** Marks of names that are numbered lie in lines, which would be counted as too many or too few. Finalizer of MurmurHash3. */
function mixed(mark: number): number {
  let hash = mark ^ (mark >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export function createDistinctCount(): DistinctCount {
  const words = new Uint32Array(bitsOfCount / 32);
  let set = 0;
  return {
    add(mark) {
      const bit = mixed(mark) >>> 20;
      const word = words[bit >>> 5] as number;
      const with1 = (word | (1 << (bit & 31))) >>> 0;
      if (with1 === word) return;
      words[bit >>> 5] = with1;
      set += 1;
    },
    total: () => Math.round(-bitsOfCount * Math.log(Math.max(0.5, bitsOfCount - set) / bitsOfCount)),
  };
}

/** Makes the function that stands 32 bits for a text: FNV-1a from a secret start. What is marked are digests and ids, which nobody chooses. */
export function createMarks(start: number): (text: string) => number {
  return (text) => {
    let mark = (0x811c9dc5 ^ start) >>> 0;
    for (let at = 0; at < text.length; at += 1) mark = Math.imul(mark ^ text.charCodeAt(at), 0x01000193);
    return mark >>> 0;
  };
}
