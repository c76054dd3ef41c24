import { isThenable, withDeadline } from '../../kernel/deadline.ts';
import { errorName } from '../../kernel/errors.ts';
import type { Alarm, AlarmRefusal, AlarmSink } from '../../ports/alarm.ts';
import type { Clock } from '../../ports/clock.ts';

/** Why a sink has not taken an alarm. */
export interface Trouble extends Required<AlarmRefusal> {
  readonly error: string;
}

/** Hands alarms to a sink that may throw, reject or hang. */
export interface Attempts {
  /** Undefined where the sink has taken it. Never rejects. */
  run(alarm: Alarm): Promise<Trouble | undefined>;
  /** Gives up the one at hand. */
  abort(): void;
  /** Whether too many that were given up still hang to begin another one. */
  stuck(): boolean;
}

export interface AttemptsOptions {
  readonly sink: AlarmSink;
  readonly deadlineMs: number;
  readonly clock: Clock;
  /** Called when one that was given up has ended after all. */
  readonly onLateEnd: () => void;
}

const maxLate = 4;
/** A sink that has lost a connection may never end what it began. It must not be dumb for ever because of it. */
const forgottenMs = 15 * 60_000;

export function createAttempts({ sink, deadlineMs, clock, onLateEnd }: AttemptsOptions): Attempts {
  let late = 0;
  let current: AbortController | undefined;

  function follow(sent: Promise<unknown>): void {
    let isOver = false;
    const ended = (): void => {
      if (isOver) return;
      isOver = true;
      forget();
      late -= 1;
      onLateEnd();
    };
    late += 1;
    const forget = clock.after(forgottenMs, ended, true);
    sent.then(ended, ended);
  }

  return {
    async run(alarm) {
      const controller = new AbortController();
      const onLate = new Error('late');
      let sent: Promise<unknown> | undefined;
      current = controller;
      try {
        const answer: unknown = sink.send(alarm, controller.signal);
        if (!isThenable(answer)) return undefined;
        sent = Promise.resolve(answer);
        await withDeadline(sent, { clock, deadlineMs, onLate: () => onLate, idle: true });
        return undefined;
      } catch (error) {
        if (error !== onLate || sent === undefined) return troubleOf(error);
        follow(sent);
        controller.abort(onLate);
        return { error: 'late', retry: 'again', retryAfterMs: 0 };
      } finally {
        current = undefined;
      }
    },
    abort() {
      current?.abort(new Error('closed'));
    },
    stuck: () => late >= maxLate,
  };
}

/** What an error of a sink says, of whatever kind it is. Its message is left out: it may hold an address. */
function troubleOf(error: unknown): Trouble {
  try {
    const { retry, retryAfterMs } = typeof error === 'object' && error !== null ? (error as AlarmRefusal) : {};
    return {
      error: errorName(error),
      retry: retry === 'stop' || retry === 'give-up' ? retry : 'again',
      retryAfterMs: Number.isFinite(retryAfterMs) ? (retryAfterMs as number) : 0,
    };
  } catch {
    // It has getters that throw.
    return { error: 'Error', retry: 'again', retryAfterMs: 0 };
  }
}
