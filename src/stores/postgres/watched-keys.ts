import { sha256 } from '../../kernel/compare.ts';
import { StoreError } from '../../kernel/errors.ts';
import { createWatchers, type Watchers } from '../../kernel/watchers.ts';

const maxWatched = 10_000;
const maxKinds = 64;

interface Watched {
  readonly bucket: string;
  watchers: number;
  /** The version that its watchers know of; undefined before the first look, after which they are told in any case. */
  seen: number | undefined;
  /** Written by this store while a look was under way, which may not have seen it. */
  isFresh: boolean;
}

/** The stored keys that somebody watches, and what is known of them. */
export interface WatchedKeys {
  /** Whether somebody watches. */
  size(): number;
  /** Throws ERR_STORE where too many are watched. */
  enter(key: string): void;
  leave(key: string): void;
  /** A look begins: the keys to look at. */
  toLookAt(): readonly string[];
  /** What a look found, 0 for nothing. */
  saw(key: string, version: number): void;
  /** This store wrote. */
  readonly wrote: (key: string, version: number) => void;
  /** Whether an announcement may be of one of them. */
  concerns(bucket: string): boolean;
  /** What to announce together with a write of the key; null for nothing. */
  readonly announcement: (key: string) => string | null;
  clear(): void;
  readonly watchers: Watchers;
}

export function createWatchedKeys(): WatchedKeys {
  const watchers = createWatchers();
  const watched = new Map<string, Watched>();
  // Of all times: an app that watches a kind now and then does so in every process.
  const kinds = new Set<string>();

  return {
    watchers,
    size: () => watched.size,
    enter(key) {
      if (!watched.has(key) && watched.size >= maxWatched) throw new StoreError(`postgres store: ${maxWatched} watched records are the most`);
      const each = watched.get(key) ?? { bucket: bucketOf(key), watchers: 0, seen: undefined, isFresh: false };
      each.watchers += 1;
      watched.set(key, each);
      if (kinds.size < maxKinds) kinds.add(kindOf(key));
    },
    leave(key) {
      const each = watched.get(key);
      if (each === undefined) return;
      each.watchers -= 1;
      if (each.watchers === 0) watched.delete(key);
    },
    toLookAt() {
      for (const each of watched.values()) each.isFresh = false;
      return [...watched.keys()];
    },
    saw(key, version) {
      const each = watched.get(key);
      if (each === undefined || each.isFresh) return;
      if (each.seen !== version) watchers.tell(key);
      each.seen = version;
    },
    wrote(key, version) {
      const each = watched.get(key);
      if (each === undefined) return;
      each.seen = version;
      each.isFresh = true;
      watchers.tell(key);
    },
    concerns(bucket) {
      for (const each of watched.values()) if (each.bucket === bucket) return true;
      return false;
    },
    announcement: (key) => (kinds.has(kindOf(key)) ? bucketOf(key) : null),
    clear() {
      watched.clear();
    },
  };
}

/**
 * Everybody who may connect to a database may listen in it, so that an announcement is one of 65,536 and not the key. Only
 * the kinds that somebody watches here are announced, as all processes of an app watch the same ones: the server lets no two
 * transactions that announce commit at the same time.
 */
function bucketOf(key: string): string {
  return sha256(Buffer.from(key)).toString('hex').slice(0, 4);
}

function kindOf(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf(':')));
}
