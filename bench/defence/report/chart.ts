import { percent } from '../summary.ts';
import { fixed, labelSvg, placeLabels, widthOf } from './labels.ts';
import { escaped } from './text.ts';
import { titleOf, type ChartData, type ChartPoint } from './points.ts';

export const panel = { width: 480, height: 320 } as const;
const plot = { left: 46, right: 460, top: 46, bottom: 274 } as const;
const harmTicks = [0, 0.001, 0.01, 0.1, 0.5] as const;
const takenTicks = [0, 0.25, 0.5, 0.75, 1] as const;
const linearTo = 0.001;

/** Names of the classes that a page or a picture gives its colors to. */
export const chartStyle = `
.panel text { font: 11px system-ui, sans-serif; fill: var(--soft); }
.panel .title { font-size: 12.5px; font-weight: 600; fill: var(--ink); }
.panel .grid { stroke: var(--line); stroke-width: 1; }
.panel .peer { fill: var(--peer); stroke: var(--ground); stroke-width: 1.5; }
.panel .list { fill: var(--ground); stroke: var(--peer); stroke-width: 1.5; }
.panel .ours { fill: var(--ours); stroke: var(--ground); stroke-width: 1.5; }
.panel .name-ours { fill: var(--ours-ink); font-weight: 600; }
.panel .leader { stroke: var(--line); stroke-width: 1; }`;

export const lightColors = '--ground:#ffffff;--ink:#1c2330;--soft:#566072;--line:#dfe3ea;--peer:#8a93a3;--ours:#1f6feb;--ours-ink:#1a5fd0';
export const darkColors = '--ground:#12161d;--ink:#e8ecf2;--soft:#a4aebd;--line:#2c3442;--peer:#8791a3;--ours:#5b9dff;--ours-ink:#82b4ff';

/** Harm to the right: even up to 0.1 %, then by powers of ten, so that nought has a place. */
function xOf(harmed: number): number {
  const most = Math.log10(0.5 / linearTo) + 1;
  const at = harmed <= linearTo ? harmed / linearTo : Math.log10(harmed / linearTo) + 1;
  return plot.left + ((plot.right - plot.left) * Math.min(at, most)) / most;
}

function yOf(taken: number): number {
  return plot.bottom - (plot.bottom - plot.top) * taken;
}

/** One attack: down is fewer accounts taken over, left is less harm to ordinary users. An SVG group of `panel` size. */
export function chartPanel(data: ChartData): string {
  return [
    `<g class="panel"><title>${titleOf(data.attacker)}</title>`,
    `<text class="title" x="8" y="18">${titleOf(data.attacker)}</text>`,
    ...takenTicks.map((taken) => `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${yOf(taken)}" y2="${yOf(taken)}"/><text x="${plot.left - 6}" y="${yOf(taken) + 4}" text-anchor="end">${taken * 100}%</text>`),
    ...harmTicks.map((harmed) => `<text x="${fixed(xOf(harmed))}" y="${plot.bottom + 16}" text-anchor="middle">${Number((harmed * 100).toFixed(1))}%</text>`),
    `<text x="${(plot.left + plot.right) / 2}" y="${plot.bottom + 34}" text-anchor="middle">sessions of ordinary users denied or stepped up</text>`,
    `<text x="8" y="${plot.top - 12}">vulnerable accounts taken over</text>`,
    ...labels(data.points),
    ...inOrder(data.points).map(mark),
    '</g>',
  ].join('\n');
}

/** Ours last, so that nothing lies on it. */
function inOrder(points: readonly ChartPoint[]): readonly ChartPoint[] {
  const order = ['peer with list', 'peer', 'ours'];
  return points.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

function mark({ policy, kind, harmed, taken }: ChartPoint): string {
  const className = kind === 'ours' ? 'ours' : kind === 'peer' ? 'peer' : 'list';
  const said = `${policy}: ${percent(taken)} taken over, ${percent(harmed)} of sessions denied or stepped up`;
  return `<circle class="${className}" cx="${fixed(xOf(harmed))}" cy="${fixed(yOf(taken))}" r="${kind === 'ours' ? 6 : 4.5}"><title>${escaped(said)}</title></circle>`;
}

/** Names of ours and of the plain peers. Those with the list are told apart by resting on them. */
function labels(points: readonly ChartPoint[]): readonly string[] {
  const at = ({ harmed, taken }: ChartPoint) => ({ x: xOf(harmed), y: yOf(taken) });
  const named = points.filter(({ kind }) => kind !== 'peer with list').map((point) => ({ name: point.policy, ours: point.kind === 'ours', ...at(point) }));
  return placeLabels(named, points.map(at), { left: plot.left + 2, right: panel.width - 4, top: plot.top - 8, bottom: plot.bottom - 2 }).map(labelSvg);
}

/** All panels in one picture, two beside each other, which follows the reader's light or dark. */
export function chartPicture(charts: readonly ChartData[]): string {
  const rows = Math.ceil(charts.length / 2);
  const [width, height] = [panel.width * 2, panel.height * rows + 30];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<style>svg{${lightColors}}@media(prefers-color-scheme:dark){svg{${darkColors}}}${chartStyle}</style>`,
    `<rect width="${width}" height="${height}" fill="var(--ground)"/>`,
    `<g class="panel">${legend(8, 18)}</g>`,
    ...charts.map((chart, place) => `<g transform="translate(${(place % 2) * panel.width} ${30 + Math.floor(place / 2) * panel.height})">${chartPanel(chart)}</g>`),
    '</svg>',
    '',
  ].join('\n');
}

function legend(x: number, y: number): string {
  const items = [['ours', 'portcullis'], ['peer', 'peers'], ['list', 'peers, with "leaked password means step-up"']] as const;
  let at = x;
  return items.map(([className, text]) => {
    const item = `<circle class="${className}" cx="${at + 6}" cy="${y - 4}" r="5"/><text x="${at + 16}" y="${y}">${text}</text>`;
    at += 32 + widthOf(text);
    return item;
  }).join('');
}
