import { escaped } from './text.ts';

/** A point with a name, in the coordinates of the picture. */
export interface Named {
  readonly name: string;
  readonly ours: boolean;
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Lines of text beside the points that they name. */
export interface Label {
  readonly lines: readonly string[];
  readonly ours: boolean;
  readonly box: Box;
  /** Where the named points lie. */
  readonly x: number;
  readonly y: number;
}

const lineHeight = 13;
const nearX = 16;
const nearY = 9;
const markRadius = 7;

export const widthOf = (text: string): number => text.length * 6;
/** Ours are bold; and a gap to what comes beside it. */
const labelWidth = (text: string, ours: boolean): number => widthOf(text) * (ours ? 1.15 : 1) + 4;

interface Cluster {
  readonly ours: boolean;
  readonly x: number;
  readonly y: number;
  readonly names: string[];
}

/** One label for the points of a kind that lie together, each where it covers least of the marks, of the others and of the edge. */
export function placeLabels(points: readonly Named[], marks: readonly Pick<Named, 'x' | 'y'>[], room: Box): readonly Label[] {
  const taken: Box[] = marks.map(({ x, y }) => ({ left: x - markRadius, right: x + markRadius, top: y - markRadius, bottom: y + markRadius }));
  const labels: Label[] = [];
  for (const { ours, x, y, names } of clustersOf(points)) {
    const lines = Array.from({ length: Math.ceil(names.length / 2) }, (_, line) => names.slice(line * 2, line * 2 + 2).join(', '));
    const box = bestOf(candidates(x, y, Math.max(...lines.map((line) => labelWidth(line, ours))), lines.length * lineHeight), { x, y }, taken, room);
    taken.push(box);
    labels.push({ lines, ours, box, x, y });
  }
  return labels;
}

/** Ours first: they get the best places. */
function clustersOf(points: readonly Named[]): readonly Cluster[] {
  const clusters: Cluster[] = [];
  for (const { name, ours, x, y } of points.toSorted((a, b) => a.x - b.x)) {
    const near = clusters.find((cluster) => cluster.ours === ours && Math.abs(cluster.x - x) < nearX && Math.abs(cluster.y - y) < nearY);
    if (near === undefined) clusters.push({ ours, x, y, names: [name] });
    else near.names.push(name);
  }
  return clusters.toSorted((a, b) => Number(b.ours) - Number(a.ours));
}

function candidates(x: number, y: number, width: number, height: number): readonly Box[] {
  const at = (left: number, top: number): Box => ({ left, right: left + width, top, bottom: top + height });
  const middle = y - height / 2;
  return [0, -11, 11, -22, 22, -36, 36, -52, 52, -70, 70, -90, 90].flatMap((shift) => [at(x + 10, middle + shift), at(x - 10 - width, middle + shift), at(x - width / 2, middle + shift)]);
}

function bestOf(boxes: readonly Box[], { x, y }: Pick<Named, 'x' | 'y'>, taken: readonly Box[], room: Box): Box {
  const cost = (box: Box): number => {
    const outside = Math.max(0, room.left - box.left) + Math.max(0, box.right - room.right) + Math.max(0, room.top - box.top) + Math.max(0, box.bottom - room.bottom);
    const covered = taken.reduce((sum, other) => sum + overlap(box, other), 0);
    return covered * 4 + outside * 60 + Math.hypot((box.left + box.right) / 2 - x, (box.top + box.bottom) / 2 - y);
  };
  return boxes.reduce((best, box) => (cost(box) < cost(best) ? box : best));
}

function overlap(one: Box, other: Box): number {
  const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
  return width > 0 && height > 0 ? width * height : 0;
}

/** The label as SVG, with a line to its points where it lies away from them. */
export function labelSvg({ lines, ours, box, x, y }: Label): string {
  const nearestX = Math.min(Math.max(x, box.left), box.right);
  const nearestY = Math.min(Math.max(y, box.top), box.bottom);
  const leader = Math.hypot(nearestX - x, nearestY - y) > 14 ? `<line class="leader" x1="${fixed(x)}" y1="${fixed(y)}" x2="${fixed(nearestX)}" y2="${fixed(nearestY)}"/>` : '';
  const texts = lines.map((text, line) => `<text class="${ours ? 'name-ours' : 'name'}" x="${fixed(box.left)}" y="${fixed(box.top + line * lineHeight + 10)}">${escaped(text)}</text>`);
  return leader + texts.join('');
}

export function fixed(value: number): string {
  return String(Number(value.toFixed(1)));
}
