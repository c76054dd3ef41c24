import { readOptions } from '../../kernel/options.ts';
import type { IncidentParts } from './parts.ts';
import { incidentId, orderedBy } from './plan.ts';
import { numberOf, textOf, type IncidentBook, type StepData } from './record.ts';
import { everyonesSwitch } from './steps.ts';
import type { ReadOnlyStrictness, ReadOnlySwitch } from '../../read-only/index.ts';

/**
 * `lifted`: writing is allowed again. `restored`: the weaker switch that was on before is on again. `left`: what is on now is not of
 * this incident. `off`: nothing was on.
 */
export type LiftedReadOnly = 'lifted' | 'restored' | 'left' | 'off';

export type LiftReport =
  | { readonly found: false; readonly id: string }
  | {
      readonly found: true;
      readonly id: string;
      readonly readOnly: LiftedReadOnly;
      /** False where it had been lifted before. */
      readonly first: boolean;
      /** What an incident leaves behind on purpose. */
      readonly stays: readonly ['sessions', 'resets', 'second-factor'];
    };

const stays = Object.freeze(['sessions', 'resets', 'second-factor'] as const);

/** Makes `lift`: takes back the one thing that is meant to be taken back. */
export function createLift({ readOnly, clock, emit }: IncidentParts, book: IncidentBook): (order: unknown) => Promise<LiftReport> {
  async function switchOff(data: StepData | undefined, by: string): Promise<LiftedReadOnly> {
    const current = everyonesSwitch(await readOnly.status());
    if (current === undefined) return 'off';
    if (data === undefined || !isOf(current, data)) return 'left';
    const previous = previousOf(data, clock.nowMs());
    if (previous === undefined) return (await readOnly.lift({ by })) ? 'lifted' : 'off';
    await readOnly.set(previous);
    return 'restored';
  }

  return async function lift(given) {
    const { id, by } = readOptions('incident.lift', given, { id: incidentId, by: orderedBy });
    const record = await book.read(id);
    if (record === undefined) return Object.freeze({ found: false, id });
    const { data } = record.steps['read-only'] ?? {};
    const done = await switchOff(data && { ...data, by: record.by, reason: record.reason }, by);
    const mine = { by, atMs: clock.nowMs(), readOnly: done };
    const after = await book.update(record, (current) => (current.lift === undefined ? { ...current, lift: mine } : undefined));
    const first = after.lift === mine;
    // A second lift that finds nothing to do is no news.
    if (first || done === 'lifted' || done === 'restored') emit({ type: 'incident.lifted', id, by, readOnly: done });
    return Object.freeze({ found: true, id, readOnly: done, first, stays });
  };
}

/** Whether it is the switch that this incident set, and nobody has changed since. */
function isOf({ level, by, reason, sinceMs, untilMs }: ReadOnlySwitch, data: StepData): boolean {
  if (data['outcome'] === 'left' || by !== data['by'] || reason !== data['reason']) return false;
  // Died right after it was set: what it answered was never written down.
  if (data['outcome'] !== 'on') return data['asked'] === true;
  return level === data['level'] && sinceMs === data['sinceMs'] && untilMs === data['untilMs'];
}

interface PreviousSwitch {
  readonly level: ReadOnlyStrictness;
  readonly reason: string;
  readonly by: string;
  readonly forMs?: number;
}

function previousOf(data: StepData, nowMs: number): PreviousSwitch | undefined {
  const level = textOf(data, 'previousLevel');
  if (level !== 'sensitive' && level !== 'writes' && level !== 'all') return undefined;
  const untilMs = numberOf(data, 'previousUntilMs');
  const leftMs = Math.ceil(untilMs - nowMs);
  if (untilMs !== 0 && leftMs < 1_000) return undefined;
  return { level, reason: textOf(data, 'previousReason') ?? 'maintenance', by: textOf(data, 'previousBy') ?? 'incident', ...(untilMs !== 0 && { forMs: leftMs }) };
}
