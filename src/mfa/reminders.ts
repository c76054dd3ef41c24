import { ConfigError } from '../kernel/errors.ts';
import { accountRecordKey, updateJson } from '../kernel/json-record.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { MfaMember, MfaPolicies } from './mfa.ts';

const dayMs = 24 * 3_600_000;

interface Reminded {
  readonly deadlineMs: number;
  /** The nearest reminder that has been told, days before the deadline. */
  readonly days: number;
}

interface Parts extends Pick<MfaPolicies, 'policiesFor'> {
  readonly records: RecordStore;
  readonly remindDaysBefore: readonly number[];
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Whoever is reminded late gets one reminder, the nearest one. Another deadline begins anew (OWASP ASVS 5.0 6.4.5). */
export function createReminders({ policiesFor, records, remindDaysBefore, clock, emit }: Parts): MfaPolicies['dueReminder'] {
  return async function dueReminder(member: MfaMember) {
    if (typeof member.accountId !== 'string' || member.accountId === '') throw new ConfigError('mfa.dueReminder: expected the id of an account');
    const policies = await policiesFor(member);
    if (policies.length === 0) return undefined;
    const nowMs = clock.nowMs();
    const deadlineMs = Math.min(...policies.map(({ graceUntilMs }) => graceUntilMs));
    const due = remindDaysBefore.filter((days) => nowMs >= deadlineMs - days * dayMs);
    if (nowMs >= deadlineMs || due.length === 0) return undefined;
    const days = Math.min(...due);
    const isNew = await updateJson<Reminded, boolean>(records, accountRecordKey('mfa-reminder', member.accountId), (told) => {
      if (told?.deadlineMs === deadlineMs && told.days <= days) return { value: undefined, answer: false };
      return { value: { deadlineMs, days }, answer: true, expiresAtMs: deadlineMs };
    });
    if (!isNew) return undefined;
    const daysLeft = Math.ceil((deadlineMs - nowMs) / dayMs);
    emit({ type: 'mfa.reminded', daysLeft, accountId: member.accountId });
    return { deadlineMs, daysLeft };
  };
}
