import { everywhere } from './open-alarm.ts';
import { triedOf, type Subject } from './read-event.ts';
import { addRecent, clearRecent, countRecent, createRecent, oldestOf } from './recent.ts';
import type { Register } from './register.ts';
import type { MonitorTime } from './time.ts';

const hourMs = 3_600_000;
/** The end of a surge is told too, but of many processes perhaps to another one. */
const holdMs = Object.freeze({ fast: 6 * hourMs, slow: 24 * hourMs });
/** A decision of a surge that has just ended may come after its end, and is none of a new one. */
const surgingFrom = 3;
const mostFailures = 256;

/** What the login guard tells of the failures of all strangers together. */
export interface SurgeAlarms {
  /** A stranger has failed. */
  failed(now: MonitorTime): void;
  surge(began: boolean, test: 'fast' | 'slow', now: MonitorTime): void;
  /** Somebody was asked for more because of the surge: it is on, whoever was told of its beginning. */
  stillSurging(subject: Subject, now: MonitorTime): void;
}

export function createSurgeAlarms(register: Register): SurgeAlarms {
  const failures = createRecent();
  const surging = createRecent();
  /** The guard has told of the end of the fast one. */
  let isOver = false;
  let sequence = 0;

  return {
    failed(now) {
      sequence += 1;
      addRecent(failures, sequence, now.monotonicMs, { windowMs: hourMs, most: mostFailures });
    },
    surge(began, test, now) {
      const cause = test === 'fast' ? everywhere : 'slowly, everywhere';
      if (test === 'fast') {
        clearRecent(surging);
        isOver = !began;
      }
      if (!began) {
        register.letGo('slow-stuffing', cause, now);
        return;
      }
      const failed = countRecent(failures, now.monotonicMs, hourMs);
      register.sign({
        kind: 'slow-stuffing', cause, sources: [], sinceMs: oldestOf(failures, now.monotonicMs), count: Math.max(1, failed), holdMs: holdMs[test],
        ...(test === 'slow' && { toldOnly: true, level: 'elevated' }), evidence: { test, failuresInAnHour: failed },
      }, now);
    },
    stillSurging(subject, now) {
      sequence += 1;
      addRecent(surging, sequence, now.monotonicMs, { windowMs: hourMs, most: surgingFrom });
      const on = !isOver && register.isOn('slow-stuffing', everywhere);
      if (!on && surging.marks.length < surgingFrom) return;
      isOver = false;
      register.sign({
        kind: 'slow-stuffing', cause: everywhere, sources: subject.network === undefined ? [] : [subject.network.key], sinceMs: oldestOf(surging, now.monotonicMs),
        count: on ? 1 : surgingFrom, ...triedOf(subject), holdMs: holdMs.fast, evidence: { test: 'fast' },
      }, now);
    },
  };
}
