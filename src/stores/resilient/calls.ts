import type { Clock } from '../../ports/clock.ts';

/** Calls that wait for a store. */
export interface Calls {
  /** How many have no answer yet, those that are late too. */
  size(): number;
  /**
   * Settles as `read(answer)` does, or rejects with what `failed` makes of a failure. A call that is late fails with `onLate()`; what
   * is answered after that changes nothing.
   */
  wait<T, R>(answer: Promise<T>, reading: Reading<T, R>): Promise<R>;
}

export interface Reading<T, R> {
  /** May throw: a store that lies is a broken one. */
  readonly read: (answer: T) => R;
  readonly failed: (cause: unknown) => Error;
}

export interface CallsOptions {
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly onLate: () => Error;
}

interface Call {
  readonly beganMs: number;
  readonly expire: () => void;
  state: 'waiting' | 'late' | 'over';
}

/** A call that was never answered is forgotten then, or a client that loses calls would be full for ever. */
const forgetAfterMs = 30_000;
/** A timer that comes later than this was held up by the event loop, and so was every answer that lies in a socket. */
const heldUpMs = 10;
/** Enough for the loop to look at its sockets once. */
const graceMs = 5;
/** Ended calls at the head of the row before it is cut. */
const cutAt = 64;

export function createCalls({ clock, deadlineMs, onLate }: CallsOptions): Calls {
  const row = createRow({ clock, deadlineMs });
  let size = 0;

  function end(call: Call): boolean {
    const inTime = call.state === 'waiting';
    if (call.state !== 'over') size -= 1;
    call.state = 'over';
    row.trim();
    return inTime;
  }

  return {
    size: () => size,
    wait: (answer, { read, failed }) =>
      new Promise((resolve, reject) => {
        const call: Call = {
          beganMs: clock.monotonicMs(),
          state: 'waiting',
          expire() {
            call.state = 'late';
            clock.after(forgetAfterMs, () => { end(call); }, true);
            reject(failed(onLate()));
          },
        };
        row.add(call);
        size += 1;
        answer.then(
          (value) => {
            if (!end(call)) return;
            try {
              resolve(read(value));
            } catch (error) {
              reject(failed(error));
            }
          },
          (cause: unknown) => {
            if (end(call)) reject(failed(cause));
          },
        );
      }),
  };
}

interface Row {
  add(call: Call): void;
  /** Lets go of calls that have ended. They are garbage then, and young: what is kept for a while costs the collector a pause. */
  trim(): void;
}

/** One timer for all calls: they have one deadline, so that the oldest is the first to be late. A timer for each would cost more than the rest. */
function createRow({ clock, deadlineMs }: Pick<CallsOptions, 'clock' | 'deadlineMs'>): Row {
  let calls: Call[] = [];
  let head = 0;
  let armed = false;

  function trim(): void {
    while (calls[head] !== undefined && calls[head]?.state !== 'waiting') head += 1;
    if (head < cutAt) return;
    calls = calls.slice(head);
    head = 0;
  }

  function oldest(): Call | undefined {
    trim();
    return calls[head];
  }

  function arm(delayMs: number, graced = false): void {
    armed = true;
    clock.after(delayMs, () => {
      sweep(graced);
    });
  }

  function sweep(graced: boolean): void {
    const nowMs = clock.monotonicMs();
    let next = oldest();
    if (next !== undefined && !graced && nowMs - next.beganMs - deadlineMs >= heldUpMs) {
      arm(graceMs, true);
      return;
    }
    for (; next !== undefined && next.beganMs + deadlineMs <= nowMs; next = oldest()) next.expire();
    armed = false;
    if (next !== undefined) arm(next.beganMs + deadlineMs - nowMs);
  }

  return {
    trim,
    add(call) {
      calls.push(call);
      if (!armed) arm(deadlineMs);
    },
  };
}
