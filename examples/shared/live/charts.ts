import type { MonitorMinute } from 'portcullis/detect';

/** What is drawn of each minute. */
export type ChartField = Exclude<keyof MonitorMinute, 'atMs'>;

export interface ChartPart {
  readonly minutes: readonly MonitorMinute[];
  readonly field: ChartField;
  /** The right edge, wall-clock ms. The left edge is an hour before. */
  readonly atMs: number;
  /** The count at the upper edge. */
  readonly top: number;
}

/** How large a drawing is. Pages stretch it: lines keep their width, and words stand beside it. */
export const chartSize = Object.freeze({ width: 720, height: 160 });

const hourMs = 3_600_000;
const minuteMs = 60_000;
const barWidth = (chartSize.width * minuteMs) / hourMs;
const gap = 1.5;

/** One bar a minute, as the `d` of a path. A minute without any has none. */
export function barsPath({ minutes, field, atMs, top }: ChartPart): string {
  return minutes.flatMap((minute) => {
    const count = minute[field];
    if (count === 0) return [];
    const left = leftOf(minute, atMs);
    return `M${fixed(left)} ${chartSize.height}V${fixed(heightOf(count, top))}H${fixed(left + barWidth - gap)}V${chartSize.height}Z`;
  }).join('');
}

/** One point a minute, in its middle. */
export function linePath({ minutes, field, atMs, top }: ChartPart): string {
  return minutes.map((minute, at) => `${at === 0 ? 'M' : 'L'}${fixed(leftOf(minute, atMs) + (barWidth - gap) / 2)} ${fixed(heightOf(minute[field], top))}`).join('');
}

/** The next 1, 2 or 5 with zeros: the upper edge must not jump with every count. */
export function niceTop(most: number): number {
  let unit = 1;
  while (unit * 10 < most) unit *= 10;
  return Math.max(5, [1, 2, 5, 10].map((step) => step * unit).find((top) => top >= most) ?? most);
}

export function mostOf(minutes: readonly MonitorMinute[], fields: readonly ChartField[]): number {
  return minutes.reduce((most, minute) => Math.max(most, ...fields.map((field) => minute[field])), 0);
}

// By the moment and not by the number of the minute: so the drawing moves a little with every look.
function leftOf({ atMs: beginMs }: MonitorMinute, atMs: number): number {
  return (chartSize.width * (beginMs - atMs + hourMs)) / hourMs;
}

/** From above, as SVG counts. Something is never drawn as nothing. */
function heightOf(count: number, top: number): number {
  if (count <= 0) return chartSize.height;
  return chartSize.height - Math.max(2, (Math.min(count, top) / top) * chartSize.height);
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}
