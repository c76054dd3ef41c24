/** What is counted by the minute. */
export const minuteFields = Object.freeze(['attempts', 'failures', 'challenges', 'refused', 'signUps', 'resets'] as const);
export type MinuteField = (typeof minuteFields)[number];

/** One minute. `atMs`: its beginning, ms since 1970. */
export type MonitorMinute = { readonly atMs: number } & Readonly<Record<MinuteField, number>>;

export interface Minutes {
  count(field: MinuteField, nowMs: number): void;
  /** The last hour, oldest first, always 60 of them. `wallMs`: the wall clock at `nowMs`. */
  lastHour(nowMs: number, wallMs: number): readonly MonitorMinute[];
}

const minuteMs = 60_000;
const hour = 60;

export function createMinutes(): Minutes {
  const counts = new Uint32Array(hour * minuteFields.length);
  const minuteOf = new Float64Array(hour).fill(-1);

  function rowOf(minute: number): number {
    const at = ((minute % hour) + hour) % hour;
    if (minuteOf[at] !== minute) {
      minuteOf[at] = minute;
      counts.fill(0, at * minuteFields.length, (at + 1) * minuteFields.length);
    }
    return at * minuteFields.length;
  }

  return {
    count(field, nowMs) {
      const at = rowOf(Math.floor(nowMs / minuteMs)) + minuteFields.indexOf(field);
      counts[at] = (counts[at] as number) + 1;
    },
    lastHour(nowMs, wallMs) {
      const last = Math.floor(nowMs / minuteMs);
      return Array.from({ length: hour }, (_, index) => {
        const minute = last - hour + 1 + index;
        const row = rowOf(minute);
        const values = Object.fromEntries(minuteFields.map((field, column) => [field, counts[row + column] ?? 0])) as Record<MinuteField, number>;
        return { atMs: Math.round(wallMs - (nowMs - minute * minuteMs)), ...values };
      });
    },
  };
}
