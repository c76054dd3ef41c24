import { Readable } from 'node:stream';
import type { Clock } from 'portcullis';

/** Why a stream ends, for the page: the session is gone, its proofs are too old, it was opened elsewhere, or the app stops. */
export type EndReason = 'session' | 'proof' | 'windows' | 'server';

/** Asks whether somebody may go on watching: undefined, or why not. */
export type MayWatch = () => Promise<EndReason | undefined>;

export interface ViewersOptions {
  /** One picture as one line of text, for everybody who watches. */
  readonly text: () => string;
  /** Default: the system's. */
  readonly clock?: Pick<Clock, 'monotonicMs' | 'after'>;
  readonly limits?: Partial<typeof liveLimits>;
}

/** Those who watch. */
export interface Viewers {
  /** A stream of server-sent events, or undefined where there are too many. */
  open(watcher: { readonly accountId: string; readonly mayWatch: MayWatch }): Readable | undefined;
  readonly size: () => number;
  /** Ends every stream, and opens none any more. */
  close(): void;
}

/**
 * Everything is bounded. A right is asked after every `checkEveryMs`, and has ended where nobody answers within `unansweredMs`: with the steps
 * of the timer that is less than 10 s after a session was ended, also where a store hangs.
 */
export const liveLimits = Object.freeze({ everyMs: 2_000, checkEveryMs: 3_000, unansweredMs: 4_000, stuckMs: 10_000, viewers: 32, ofOneOperator: 4 });

interface Viewer {
  readonly accountId: string;
  readonly mayWatch: MayWatch;
  readonly stream: Readable;
  /** When the last check began, and whether it has been answered. */
  askedMs: number;
  isAsking: boolean;
  /** Since when a picture waits that nobody has taken. */
  stuckMs: number | undefined;
}

const systemTime: Pick<Clock, 'monotonicMs' | 'after'> = {
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => { clearTimeout(timer); };
  },
};

/** One timer for all of them, which runs while there is anybody. */
export function createViewers({ text, clock = systemTime, limits }: ViewersOptions): Viewers {
  const { everyMs, checkEveryMs, unansweredMs, stuckMs, viewers: most, ofOneOperator } = { ...liveLimits, ...limits };
  const viewers = new Set<Viewer>();
  let isClosed = false;
  let cancel: (() => void) | undefined;
  let newest: { readonly event: string; readonly atMs: number } | undefined;

  function tick(): void {
    cancel = undefined;
    if (viewers.size === 0) return;
    const nowMs = clock.monotonicMs();
    const event = eventOf(nowMs);
    for (const viewer of [...viewers]) step(viewer, event, nowMs);
    schedule();
  }

  function schedule(): void {
    if (!isClosed && viewers.size > 0) cancel ??= clock.after(everyMs, tick, true);
  }

  function step(viewer: Viewer, event: string | undefined, nowMs: number): void {
    if (event === undefined) end(viewer, 'server');
    else if (viewer.isAsking && nowMs - viewer.askedMs >= unansweredMs) end(viewer, 'session');
    else if (viewer.stream.readableLength === 0) {
      viewer.stuckMs = undefined;
      viewer.stream.push(event);
    } else {
      // The next picture says all that this one would: nothing is kept for whoever reads slowly.
      viewer.stuckMs ??= nowMs;
      if (nowMs - viewer.stuckMs >= stuckMs) viewer.stream.destroy();
    }
    if (viewers.has(viewer) && !viewer.isAsking && nowMs - viewer.askedMs >= checkEveryMs) void check(viewer, nowMs);
  }

  async function check(viewer: Viewer, nowMs: number): Promise<void> {
    viewer.askedMs = nowMs;
    viewer.isAsking = true;
    // Whoever cannot be looked up is not let go on.
    const reason = await viewer.mayWatch().catch((): EndReason => 'session');
    viewer.isAsking = false;
    if (reason !== undefined) end(viewer, reason);
  }

  function end(viewer: Viewer, why: EndReason): void {
    if (!viewers.delete(viewer)) return;
    // Whoever does not read would not read the end either.
    if (viewer.stream.readableLength > 0) viewer.stream.destroy();
    else {
      viewer.stream.push(`event: end\ndata: ${JSON.stringify({ why })}\n\n`);
      viewer.stream.push(null);
    }
  }

  /** The newest picture. A crowd that comes at once looks at one. */
  function eventOf(nowMs: number): string | undefined {
    try {
      if (newest === undefined || nowMs - newest.atMs >= everyMs) newest = { event: `event: picture\ndata: ${text().replace(/[\r\n]+/g, ' ')}\n\n`, atMs: nowMs };
      return newest.event;
    } catch (error) {
      console.error(error);
      return undefined;
    }
  }

  return {
    open({ accountId, mayWatch }) {
      // The oldest window of the same operator gives way. Nobody takes the place of another one.
      const own = [...viewers].filter((viewer) => viewer.accountId === accountId);
      if (own.length >= ofOneOperator && own[0] !== undefined) end(own[0], 'windows');
      const nowMs = clock.monotonicMs();
      const event = eventOf(nowMs);
      if (isClosed || event === undefined || viewers.size >= most) return undefined;
      const stream = new Readable({ read() {} });
      const viewer: Viewer = { accountId, mayWatch, stream, askedMs: nowMs, isAsking: false, stuckMs: undefined };
      viewers.add(viewer);
      stream.once('close', () => { viewers.delete(viewer); });
      stream.push(`retry: 3000\n${event}`);
      schedule();
      return stream;
    },
    size: () => viewers.size,
    close() {
      isClosed = true;
      cancel?.();
      for (const viewer of [...viewers]) end(viewer, 'server');
    },
  };
}
