import { boundedKey, detached } from '../../kernel/bounded-key.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CounterCharge, CounterVerdict } from '../../ports/counter-store.ts';
import { chargeMissing } from './catching-up.ts';
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
  /** The store knows less than this process, for another reason. */
  forgotten(): void;
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

const lookEveryMs = 250;
/** No limit of a sign-in is much longer. */
const rememberForMs = 24 * 3_600_000;
/** A key under it is spent for a day, and charged again before it is free. Its name is no limiter's: theirs hold no space. */
const markRule = Object.freeze({ name: 'portcullis mark', intervalMs: rememberForMs, burst: 2 });
const maxReminded = 20_000;

export function createReminder({ timed, line, shadow, clock }: ReminderParts): Reminder {
  /** Keys that the store has been reminded of since it lost its counters; a promise while it is being told. */
  let reminded = new Map<string, Promise<void> | true>();
  let lostAtMs: number | undefined;
  let lookedAtMs = -Infinity;
  /** Of this process alone: of one for all, the first to look would hide from the others that it had gone. */
  const mark: CounterCharge = Object.freeze({ rule: markRule, key: systemRandom(16).toString('base64url'), cost: 1 });
  /** Whether the store has had the mark. Whoever has just begun has nothing to remind it of. */
  let marked = false;

  function forgotten(): void {
    lostAtMs = clock.monotonicMs();
    reminded = new Map();
  }

  async function look(): Promise<void> {
    lookedAtMs = clock.monotonicMs();
    const { aheadMs: [aheadMs = 0] } = await timed.peek([mark]);
    if (aheadMs === 0 && marked) forgotten();
    if (aheadMs < markRule.intervalMs / 2) await timed.take([mark]);
    marked = true;
  }

  async function remind(charge: CounterCharge, units: number): Promise<void> {
    const { rule, key } = charge;
    const asked = (question: () => Promise<CounterVerdict>): Promise<CounterVerdict> => Promise.resolve(line.ask(question, (verdict) => verdict));
    const { aheadMs: [aheadMs = 0] } = await asked(() => timed.peek([{ rule, key, cost: 1 }]));
    // What is there already is of a process that told it, or of new attempts.
    await chargeMissing((charges) => asked(() => timed.take(charges)), charge, aheadMs, (nowMs) => Math.round(units - nowMs / rule.intervalMs));
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
    forgotten,
    before(charges) {
      const nowMs = clock.monotonicMs();
      if (nowMs - lookedAtMs >= lookEveryMs && !line.isAway()) look().catch(() => undefined);
      if (lostAtMs === undefined || nowMs - lostAtMs > rememberForMs || line.isAway()) return undefined;
      const works = charges.map(reminding).filter((work) => work !== undefined);
      return works.length === 0 ? undefined : Promise.all(works);
    },
  };
}
