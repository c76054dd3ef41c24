import { sides, sideTitles, type Side } from '../apps.ts';
import { featureKinds } from '../classifier/features.ts';
import type { DrillResult } from '../drill.ts';
import type { Growth, PhaseName } from '../recorder.ts';
import type { SideReport } from '../side.ts';
import { escape } from './markup.ts';

/** The longest time that a run took, ms. */
export function spanMs(result: DrillResult): number {
  return Math.max(1, ...sides.map((side) => result[side].phases.at(-1)?.endMs ?? 0));
}

/** How one count grew in each run, over the seconds since the attack began. */
export function growthChart(result: DrillResult, count: Growth['count'], title: string): string {
  const [width, height, left, bottom, top] = [360, 210, 46, 26, 12];
  const span = spanMs(result);
  const ends = sides.map((side) => total(result[side], count));
  const most = niceCeiling(Math.max(...ends, 1));
  const x = (atMs: number): number => left + (atMs / span) * (width - left - 12);
  const y = (value: number): number => height - bottom - (value / most) * (height - bottom - top);
  const grid = [0, 0.5, 1].map((share) => {
    const at = y(most * share).toFixed(1);
    return `<line class="grid" x1="${left}" x2="${width - 12}" y1="${at}" y2="${at}"/><text class="tick" x="${left - 8}" y="${at}" dy="4" text-anchor="end">${shortNumber(most * share)}</text>`;
  });
  const seconds = ticksOf(span).map((atMs) => `<text class="tick" x="${x(atMs).toFixed(1)}" y="${height - 6}" text-anchor="middle">${atMs / 1000} s</text>`);
  const lines = sides.map((side) => `<path class="line ${side}" d="${stepPath(result[side], count, { x, y })}"/>`);
  const summary = sides.map((side, index) => `${sideTitles[side]}: ${ends[index] ?? 0}`).join(', ');
  return `<figure><figcaption>${escape(title)}</figcaption><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(`${title}. ${summary}.`)}">${[...grid, ...seconds, ...lines].join('')}</svg></figure>`;
}

function total({ growth }: SideReport, count: Growth['count']): number {
  return growth.filter((each) => each.count === count).reduce((sum, { by }) => sum + by, 0);
}

function stepPath(side: SideReport, count: Growth['count'], { x, y }: { readonly x: (atMs: number) => number; readonly y: (value: number) => number }): string {
  let value = 0;
  const steps = side.growth.filter((each) => each.count === count).map(({ atMs, by }) => {
    value += by;
    return `H${x(atMs).toFixed(1)}V${y(value).toFixed(1)}`;
  });
  return `M${x(0).toFixed(1)} ${y(0).toFixed(1)}${steps.join('')}H${x(side.phases.at(-1)?.endMs ?? 0).toFixed(1)}`;
}

function niceCeiling(value: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 6, 8, 10].map((step) => step * magnitude).find((each) => each >= value) ?? value;
}

function ticksOf(span: number): readonly number[] {
  const stepMs = [1, 2, 5, 10, 20, 30, 60].map((seconds) => seconds * 1000).find((each) => span / each <= 6) ?? 60_000;
  return Array.from({ length: Math.floor(span / stepMs) + 1 }, (_, index) => index * stepMs);
}

function shortNumber(value: number): string {
  return value >= 1000 ? `${value / 1000}k` : String(value);
}

const phaseTitles: Readonly<Record<PhaseName, string>> = {
  calibration: 'Learning the doors',
  enumeration: 'Enumeration',
  'leaked-pairs': 'Leaked pairs',
  'one-address': 'One address',
  'second-factor': 'Second factor',
  'export-and-spam': 'Export, spam',
  'belongings': 'Held',
  'containment': 'Contained',
  'ways-back': 'Ways back',
  'owners': 'Owners',
  'lift': 'Lifted',
};

/** Which act was played when, a row for each run. */
export function actsChart(result: DrillResult): string {
  const [width, left, rowHeight] = [1120, 108, 38];
  const height = sides.length * rowHeight + 30;
  const x = (atMs: number): number => left + (atMs / spanMs(result)) * (width - left - 12);
  const rows = sides.map((side, row) => {
    const y = row * rowHeight + 4;
    const bars = result[side].phases.map(({ name, startMs, endMs }, index) => {
      const barWidth = Math.max(1, x(endMs) - x(startMs) - 2);
      const title = phaseTitles[name];
      const label = barWidth > title.length * 7 ? `<text class="in-bar" x="${(x(startMs) + barWidth / 2).toFixed(1)}" y="${y + 19}" text-anchor="middle">${title}</text>` : '';
      return `<g><title>${title}: ${(startMs / 1000).toFixed(1)} to ${(endMs / 1000).toFixed(1)} s</title><rect class="act ${side} tone-${index % 2}" x="${x(startMs).toFixed(1)}" y="${y}" width="${barWidth.toFixed(1)}" height="${rowHeight - 10}" rx="4"/>${label}</g>`;
    });
    return `<text class="row-name" x="0" y="${y + 19}">${sideTitles[side]}</text>${bars.join('')}`;
  });
  const seconds = ticksOf(spanMs(result)).map((atMs) => `<text class="tick" x="${x(atMs).toFixed(1)}" y="${height - 6}" text-anchor="middle">${atMs / 1000} s</text>`);
  return `<figure class="wide"><figcaption>The acts, in seconds since the attack began: learning what the doors say, enumeration, leaked pairs from several addresses, several accounts from one address, export and spam; in the protected run also how it is contained, and in the third all that is tried against the second factor, and the owners who come back</figcaption><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="When each act was played">${[...rows, ...seconds].join('')}</svg></figure>`;
}

/** By what each door tells who has an account: a table of dots. */
export function doorsTable({ side, findings }: SideReport): string {
  const head = featureKinds.map((kind) => `<th scope="col">${kind}</th>`).join('');
  const rows = findings.map(({ title, evidence }) => {
    const cells = featureKinds.map((kind) => {
      const found = evidence.find((each) => each.kind === kind);
      return found === undefined
        ? '<td><span class="dot" title="tells nothing"></span><span class="hidden">no</span></td>'
        : `<td><span class="dot ${side}" title="${escape(`${found.what} (p = ${found.pValue.toExponential(1)})`)}"></span><span class="hidden">yes</span></td>`;
    });
    return `<tr><th scope="row"><code>${escape(title)}</code></th>${cells.join('')}</tr>`;
  });
  return `<figure><figcaption><span class="key ${side}"></span>${sideTitles[side]}</figcaption><table class="doors"><thead><tr><th scope="col">door</th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></figure>`;
}

/** One figure of each run as bars; null where it was not asked for. */
export function bars(label: string, values: Readonly<Record<Side, number | null>>): string {
  const most = Math.max(...sides.map((side) => values[side] ?? 0), 1);
  const rows = sides.map((side) => {
    const value = values[side];
    const share = ((value ?? 0) / most) * 100;
    return `<div class="bar-row"><svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="10"/><rect class="${side}" width="${share.toFixed(2)}" height="10"/></svg><span class="value">${value ?? '-'}</span></div>`;
  });
  return `<div class="pair"><h3>${escape(label)}</h3>${rows.join('')}</div>`;
}
