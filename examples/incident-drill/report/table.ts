import { sides, sideTitles } from '../apps.ts';
import { featureKinds } from '../classifier/features.ts';
import type { DrillResult } from '../drill.ts';
import type { SideReport } from '../side.ts';
import { notesOf, rowsOf } from './rows.ts';

const labelWidth = 42;
const valueWidth = 15;
const textWidth = labelWidth + sides.length * valueWidth;

/** The drill's outcome for a terminal. */
export function renderTable(result: DrillResult): string {
  const head = `${''.padEnd(labelWidth)}${sides.map((side) => sideTitles[side].padStart(valueWidth)).join('')}`;
  const rows = rowsOf(result).map(({ label, detail, ...values }) => `${`${detail ? '  ' : ''}${label}`.padEnd(labelWidth)}${sides.map((side) => values[side].padStart(valueWidth)).join('')}`);
  const doors = [renderDoors(result.unprotected), renderDoors(result.protected)].flat();
  const notes = notesOf(result).flatMap((note) => wrap(note));
  return ['', head, '-'.repeat(textWidth), ...rows, '', ...doors, ...notes, ''].join('\n');
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
