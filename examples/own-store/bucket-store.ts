import { createHash } from 'node:crypto';
import { StoreError, type Clock, type RecordChange, type RecordStore, type StoredRecord } from 'portcullis';

export interface BucketStoreOptions {
  /** Where the objects lie: `https://bucket.example/portcullis/`. */
  readonly url: string;
  /** What signs the requests, where the bucket asks for that. Default: the global one. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** After so long the bucket counts as away. Default 2,000 ms. */
  readonly deadlineMs?: number;
  readonly clock?: Pick<Clock, 'nowMs' | 'after'>;
}

/** What an object holds. `value` is null where the record was removed: the object stays, so that no version comes again. */
interface Content {
  readonly version: number;
  readonly value: string | null;
  readonly expiresAtMs: number | null;
}

/** An object as it was read; `etag` is undefined where there is none. */
interface Found extends Content {
  readonly etag: string | undefined;
}

const nothing: Found = { etag: undefined, version: 0, value: null, expiresAtMs: null };
const lookEveryMs = 500;

const systemClock: Pick<Clock, 'nowMs' | 'after'> = {
  nowMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => { clearTimeout(timer); };
  },
};

/**
 * Records as objects in a bucket, one each. The atomic act is the bucket's own: a PUT that names the entity tag it replaces
 * (If-Match), or that there must be nothing (If-None-Match), and is answered with 412 where that is not so. RFC 9110 13.1.
 */
export function bucketStore({ url: base, fetch: ask = fetch, deadlineMs = 2_000, clock = systemClock }: BucketStoreOptions): RecordStore {
  // A digest: keys may be of any length and hold anything, and a bucket's names may not.
  const urlOf = (key: string): string => base + createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('hex');
  const isLive = ({ value, expiresAtMs }: Content): boolean => value !== null && (expiresAtMs === null || expiresAtMs > clock.nowMs());

  async function send(url: string, init: RequestInit, expected: readonly number[]): Promise<Response> {
    try {
      const response = await ask(url, { ...init, signal: AbortSignal.timeout(deadlineMs) });
      if (expected.includes(response.status)) return response;
    } catch {
      // Without a cause: it would hold the address. Nothing is sent again, since the first may have been heard.
    }
    throw new StoreError('bucket store: the bucket is away, late or answered nonsense');
  }

  async function find(url: string): Promise<Found> {
    const response = await send(url, { cache: 'no-store' }, [200, 404]);
    if (response.status === 404) return nothing;
    const etag = response.headers.get('etag');
    const content = await response.json().catch(() => undefined) as Partial<Content> | null | undefined;
    if (etag === null || !isContent(content)) throw new StoreError('bucket store: an object that is no record');
    return { ...content, etag };
  }

  /** Answers false where the object is not the one that was found, or is being written (409). */
  async function replace(url: string, { etag, version }: Found, next: Omit<Content, 'version'>): Promise<boolean> {
    // Never one that was there before, also where a rule of the bucket has swept the object away.
    const content: Content = { ...next, version: Math.max(version + 1, Math.floor(clock.nowMs())) };
    const condition = etag === undefined ? { 'If-None-Match': '*' } : { 'If-Match': etag };
    return (await send(url, { method: 'PUT', headers: { ...condition, 'Content-Type': 'application/json' }, body: JSON.stringify(content) }, [200, 201, 204, 409, 412])).ok;
  }

  return {
    durable: true,
    async read(key: string): Promise<StoredRecord | undefined> {
      const found = await find(urlOf(key));
      if (isLive(found) && found.value !== null) return { value: found.value, version: found.version };
      // What was seen to have expired must not come back when a clock is set back.
      if (found.value !== null) await replace(urlOf(key), found, { value: null, expiresAtMs: null }).catch(() => false);
      return undefined;
    },
    async compareAndSet({ key, expectedVersion, value, expiresAtMs }: RecordChange): Promise<boolean> {
      for (let triesLeft = 16; triesLeft > 0; triesLeft -= 1) {
        const found = await find(urlOf(key));
        if ((isLive(found) ? found.version : 0) !== expectedVersion) return false;
        if (await replace(urlOf(key), found, { value, expiresAtMs: expiresAtMs ?? null })) return true;
      }
      throw new StoreError('bucket store: others kept writing');
    },
    watch(key: string, changed: () => void): () => void {
      let seen: string | undefined;
      let ended = false;
      const look = async (): Promise<void> => {
        const etag = await find(urlOf(key)).then((found) => found.etag, () => seen);
        if (ended) return;
        if (etag !== seen) changed();
        seen = etag;
        clock.after(lookEveryMs, () => void look(), true);
      };
      void look();
      return () => { ended = true; };
    },
  };
}

function isContent(content: Partial<Content> | null | undefined): content is Content {
  const { version, value, expiresAtMs } = content ?? {};
  return Number.isSafeInteger(version) && (value === null || typeof value === 'string') && (expiresAtMs === null || typeof expiresAtMs === 'number');
}
