import { boundedKey, detached } from '../../kernel/bounded-key.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CounterCharge } from '../../ports/counter-store.ts';
import type { StoreLine } from './line.ts';
import type { Shadow } from './shadow.ts';
import type { TimedStore } from './timed.ts';

/**
 * Notices that the store has lost its counters (a restart without a copy on the disk, FLUSHALL), and reminds it of what this
 * process remembers of a key, before that key is charged again. Else whoever can make the store restart has a fresh start.
 */
export interface Reminder {
  /** Looks whether the store has lost its counters. Rejects where it fails. */
  look(): Promise<void>;
  /**
   * What has to be awaited before these keys are charged; undefined in ordinary times. Rejects where the store fails: then it must
   * not decide. Looks itself, at most four times a second.
   */
  before(charges: readonly CounterCharge[]): Promise<unknown> | undefined;
}

export interface ReminderParts {
  /** Asks while the store is away, too. */
  readonly timed: TimedStore;
  readonly line: StoreLine;
  readonly shadow: Shadow;
  readonly clock: Clock;
}

/** A key that is never free again unless the store has lost it: it stays spent for as long as a counter may. */
const mark: CounterCharge = Object.freeze({ rule: Object.freeze({ name: 'portcullis/mark', intervalMs: 200 * 24 * 3_600_000, burst: 2 }), key: 'mark', cost: 1 });

const lookEveryMs = 250;
/** No limit of a sign-in is much longer. */
const rememberForMs = 24 * 3_600_000;
const maxReminded = 20_000;

export function createReminder({ timed, line, shadow, clock }: ReminderParts): Reminder {
  /** Keys that the store has been reminded of since it lost its counters; a promise while it is being told. */
  let reminded = new Map<string, Promise<void> | true>();
  let lostAtMs: number | undefined;
  let lookedAtMs = -Infinity;

  async function look(): Promise<void> {
    const isFirst = lookedAtMs === -Infinity;
    lookedAtMs = clock.monotonicMs();
    const { aheadMs: [aheadMs = 0] } = await timed.peek([mark]);
    if (aheadMs >= mark.rule.intervalMs / 2) return;
    // Whoever has just begun remembers nothing.
    if (!isFirst) lostAtMs = clock.monotonicMs();
    reminded = new Map();
    await timed.take([mark]);
  }

  async function remind(charge: CounterCharge, units: number): Promise<void> {
    const { rule, key } = charge;
    const { aheadMs: [aheadMs = 0] } = await line.ask(() => timed.peek([{ rule, key, cost: 1 }]), (verdict) => verdict);
    // What is there already is of a process that told it, or of new attempts.
    const there = aheadMs / rule.intervalMs;
    const missing = Math.min(Math.round(units - there), Math.floor(rule.burst - there));
    if (missing >= 1) await line.ask(() => timed.take([{ rule, key, cost: missing }]), (verdict) => verdict);
  }

  function reminding(charge: CounterCharge): Promise<void> | undefined {
    const units = shadow.spentUnits(charge);
    if (units < 0.5) return undefined;
    const name = `${charge.rule.name}\0${boundedKey(charge.key)}`;
    const known = reminded.get(name);
    if (known !== undefined) return known === true ? undefined : known;
    if (reminded.size >= maxReminded) reminded.clear();
    const owned = detached(name);
    const telling = reminded;
    const work = remind(charge, units);
    telling.set(owned, work);
    work.then(() => telling.set(owned, true), () => telling.delete(owned));
    return work;
  }

  return {
    look,
    before(charges) {
      const nowMs = clock.monotonicMs();
      if (nowMs - lookedAtMs >= lookEveryMs && !line.isAway()) look().catch(() => undefined);
      if (lostAtMs === undefined || nowMs - lostAtMs > rememberForMs || line.isAway()) return undefined;
      const works = charges.map(reminding).filter((work) => work !== undefined);
      return works.length === 0 ? undefined : Promise.all(works);
    },
  };
}
