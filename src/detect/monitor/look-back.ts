import type { Entries } from './entries.ts';
import { addEntered, holds, type NewOfSign, type OpenAlarm } from './open-alarm.ts';

/** Finds who came in before an alarm, one of its networks or one of its accounts was known. */
export function lookBack(alarm: OpenAlarm, entries: Entries, { sources, accountIds, isFirst }: NewOfSign): void {
  const found = [
    ...(isFirst && alarm.spread ? entries.strangers() : []),
    ...sources.flatMap((source) => entries.from(source)),
    ...(alarm.ofAccount ? accountIds.flatMap((accountId) => entries.into(accountId)) : []),
  ];
  for (const entry of found) if (holds(alarm, entry)) addEntered(alarm, entry);
}
