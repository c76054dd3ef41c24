import { addRecent, countRecent, hasRecent, createRecent, oldestOf } from './recent.ts';
import { triedOf, type Subject } from './read-event.ts';
import { everywhere } from './open-alarm.ts';
import type { Register } from './register.ts';
import { createSurgeAlarms, type SurgeAlarms } from './surge.ts';
import type { MonitorTime } from './time.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Alarms that come from no network and no account. */
export interface Site extends SurgeAlarms {
  /** A sign-up was asked for. */
  signUp(subject: Subject, now: MonitorTime): void;
  /** A request came without an address. */
  noAddress(now: MonitorTime): void;
  /** A right password that has failed at many names today. */
  sprayed(subject: Subject, now: MonitorTime): void;
  /** A stranger's right password, which is in a leak or is not. */
  rightPassword(subject: Subject, leaked: boolean, now: MonitorTime): void;
}

/** A sequential test (Wald 1945) of how many of strangers' right passwords are leaked: 30 % in peace, 85 % where a list is tried. */
const leakedStep = Math.log(0.85 / 0.3);
const otherStep = Math.log(0.15 / 0.7);
const leakedThreshold = 13.8;
const sprayedForAttack = 3;
const noAddressFrom = 10;
/** At night, hours may pass between two sign-ups. */
const signUpsHoldMs = 3 * hourMs;
const signUpFactor = 4;
const fewestSignUps = 40;
const fewestDays = 3;
/** Days that count in what is usual. */
const memoryDays = 7;

export function createSite(register: Register): Site {
  const judged = createRecent();
  const sprayedAt = createRecent();
  const without = createRecent();
  const signUps = createSignUpRate();
  let leaks = 0;
  let leaksSinceMs = 0;
  let sequence = 0;

  const sourcesOf = ({ network }: Subject): readonly string[] => (network === undefined ? [] : [network.key]);

  return {
    signUp(subject, now) {
      const { last, usual } = signUps.count(now.monotonicMs);
      if (usual === undefined || last < Math.max(fewestSignUps, signUpFactor * usual)) return;
      const on = register.isOn('mass-signup', everywhere);
      register.sign({ kind: 'mass-signup', cause: everywhere, sources: sourcesOf(subject), sinceMs: on ? now.monotonicMs : Math.max(0, now.monotonicMs - dayMs), count: on ? 1 : last, holdMs: signUpsHoldMs, evidence: { signUpsInADay: last, usual: Math.round(usual) } }, now);
    },
    noAddress(now) {
      sequence += 1;
      addRecent(without, sequence, now.monotonicMs, { windowMs: hourMs, most: noAddressFrom });
      const count = countRecent(without, now.monotonicMs, hourMs);
      if (count < noAddressFrom) return;
      const on = register.isOn('no-address', everywhere);
      register.sign({ kind: 'no-address', cause: everywhere, sources: [], sinceMs: oldestOf(without, now.monotonicMs), count: on ? 1 : count, toldOnly: true, evidence: { threshold: noAddressFrom } }, now);
    },
    sprayed(subject, now) {
      if (subject.mark === undefined) return;
      addRecent(sprayedAt, subject.mark, now.monotonicMs, { windowMs: hourMs, most: 64 });
      const count = countRecent(sprayedAt, now.monotonicMs, hourMs);
      register.sign({
        kind: 'spraying', cause: everywhere, sources: sourcesOf(subject), sinceMs: oldestOf(sprayedAt, now.monotonicMs), count: 1, ...triedOf(subject),
        level: count >= sprayedForAttack ? 'attack' : 'elevated', evidence: { accountsInAnHour: count },
      }, now);
    },
    rightPassword(subject, leaked, now) {
      const { mark } = subject;
      const { monotonicMs: nowMs } = now;
      // Whoever tries their own leaked password again and again is one person.
      if (mark === undefined || hasRecent(judged, mark, nowMs, dayMs)) return;
      addRecent(judged, mark, nowMs, { windowMs: dayMs, most: 256 });
      if (leaks === 0) leaksSinceMs = nowMs;
      leaks = Math.max(0, leaks + (leaked ? leakedStep : otherStep));
      if (leaks < leakedThreshold) return;
      leaks = leakedThreshold;
      register.sign({ kind: 'leaked-passwords', cause: everywhere, sources: sourcesOf(subject), sinceMs: leaksSinceMs, count: 1, ...triedOf(subject), spread: true, evidence: { logLikelihoodRatio: leakedThreshold } }, now);
    },
    ...createSurgeAlarms(register),
  };
}

/** Sign-ups of the last 24 hours, and what is usual in a day; undefined until some days are known. */
function createSignUpRate() {
  const hours = new Float64Array(24);
  let hour = 0;
  let inDay = 0;
  let day = 0;
  let daysKnown = 0;
  let usual = 0;

  function endDay(): void {
    // A day of an attack must not become what is usual.
    const seen = daysKnown < fewestDays ? inDay : Math.min(inDay, 2 * Math.max(usual, 1));
    daysKnown += 1;
    usual += (seen - usual) / Math.min(daysKnown, memoryDays);
    inDay = 0;
  }

  function moveTo(nowMs: number): void {
    const nowHour = Math.floor(nowMs / hourMs);
    for (let each = Math.max(hour + 1, nowHour - 23); each <= nowHour; each += 1) hours[each % 24] = 0;
    hour = nowHour;
    const nowDay = Math.floor(nowMs / dayMs);
    for (let passed = Math.min(nowDay - day, 60); passed > 0; passed -= 1) endDay();
    day = nowDay;
  }

  return {
    count(nowMs: number): { readonly last: number; readonly usual: number | undefined } {
      moveTo(nowMs);
      hours[hour % 24] = (hours[hour % 24] as number) + 1;
      inDay += 1;
      return { last: hours.reduce((sum, each) => sum + each, 0), usual: daysKnown < fewestDays ? undefined : usual };
    },
  };
}
