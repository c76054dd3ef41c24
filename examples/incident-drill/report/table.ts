import { sides, sideTitles } from '../apps.ts';
import { featureKinds } from '../classifier/features.ts';
import type { DrillResult } from '../drill.ts';
import type { SideReport } from '../side.ts';
import { notesOf, rowsOf } from './rows.ts';
import { outcomeOf, timelineOf } from './timeline.ts';

const labelWidth = 42;
const valueWidth = 15;
const textWidth = labelWidth + sides.length * valueWidth;

/** The drill's outcome for a terminal. */
export function renderTable(result: DrillResult): string {
  const head = `${''.padEnd(labelWidth)}${sides.map((side) => sideTitles[side].padStart(valueWidth)).join('')}`;
  const rows = rowsOf(result).map(({ label, detail, ...values }) => `${`${detail ? '  ' : ''}${label}`.padEnd(labelWidth)}${sides.map((side) => values[side].padStart(valueWidth)).join('')}`);
  const doors = [renderDoors(result.unprotected), renderDoors(result.protected)].flat();
  const notes = notesOf(result).flatMap((note) => wrap(note));
  return ['', head, '-'.repeat(textWidth), ...rows, '', ...renderTimeline(result), ...doors, ...notes, ''].join('\n');
}

function renderTimeline(result: DrillResult): readonly string[] {
  const widths = [labelWidth + 6, 9, 17, 13] as const;
  const line = (label: string, values: readonly string[]): string => `${label.padEnd(widths[0])}${values.map((value, index) => value.padStart(widths[index + 1] ?? 0)).join('')}`;
  const rows = timelineOf(result).map(({ label, in2019, after2019, here }) => line(`  ${label}`, [in2019, after2019, here]));
  const outcome = outcomeOf(result).map(([label, value]) => line(`  ${label}`, ['', '', value]));
  return [line('how it ended, protected', ['2019 UTC', 'after noticing', 'here']), ...rows, '', ...outcome, ''];
}

function renderDoors({ side, findings }: SideReport): readonly string[] {
  const head = `${`what tells, ${side}`.padEnd(labelWidth - 9)}${featureKinds.map((kind) => kind.padStart(9)).join('')}`;
  const rows = findings.map(({ title, evidence }) => {
    const tells = featureKinds.map((kind) => (evidence.some((each) => each.kind === kind) ? 'x' : '.').padStart(9));
    return `  ${title.padEnd(labelWidth - 11)}${tells.join('')}`;
  });
  return [head, ...rows, ''];
}

function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  let line = '-';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > textWidth) {
      lines.push(line);
      line = ' ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
