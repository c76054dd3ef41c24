import type { Entries } from './entries.ts';
import { addEntered, holds, type NewOfSign, type OpenAlarm } from './open-alarm.ts';

/** Finds who came in before an alarm, one of its networks or one of its accounts was known. */
export function lookBack(alarm: OpenAlarm, entries: Entries, { sources, accountIds, isFirst }: NewOfSign): void {
  if (isFirst && alarm.spread) for (const entry of entries.strangers()) if (holds(alarm, entry)) addEntered(alarm, entry);
  for (const source of sources) for (const entry of entries.from(source)) if (holds(alarm, entry)) addEntered(alarm, entry);
  if (!alarm.ofAccount) return;
  for (const accountId of accountIds) for (const entry of entries.into(accountId)) if (holds(alarm, entry)) addEntered(alarm, entry);
}
