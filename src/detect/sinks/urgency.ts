import type { Alarm } from '../../ports/alarm.ts';

/** What must not be lost for what: 2 and 3, a stranger came in; 1 and 3, an attack; 0, the rest, of which noise is made most easily. */
export type Urgency = 0 | 1 | 2 | 3;

export function urgencyOf(alarm: Alarm): Urgency {
  if (alarm.isOver) return 0;
  const isAttack = alarm.level === 'attack';
  // Strangers of a whole day are no news.
  return hasStrangers(alarm) && !alarm.isSpread ? (isAttack ? 3 : 2) : isAttack ? 1 : 0;
}

/** Whether anybody came in by a browser that the account does not know. */
export function hasStrangers({ entered }: { readonly entered: readonly { readonly knownDevice: boolean }[] }): boolean {
  return entered.some(({ knownDevice }) => !knownDevice);
}

/** The key of the first of the least urgent. */
export function leastUrgent<K, V>(entries: Iterable<readonly [K, V]>, alarmOf: (value: V) => Alarm): K | undefined {
  let least: { readonly key: K; readonly urgency: Urgency } | undefined;
  for (const [key, value] of entries) {
    const urgency = urgencyOf(alarmOf(value));
    if (least === undefined || urgency < least.urgency) least = { key, urgency };
    if (urgency === 0) break;
  }
  return least?.key;
}
