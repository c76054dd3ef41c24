import { createAffectedList } from './affected-list.ts';
import { containReportOf, type ContainReport } from './contain-report.ts';
import type { IncidentParts } from './parts.ts';
import { incidentId } from './plan.ts';
import type { IncidentBook, IncidentLift, IncidentRecord } from './record.ts';

/** How far an incident is. */
export interface IncidentStatus extends ContainReport {
  readonly lift?: IncidentLift;
}

/** Makes `status`. */
export function createStatus({ records, clock, keepForMs }: IncidentParts, book: IncidentBook): (id?: unknown) => Promise<readonly IncidentStatus[]> {
  async function statusOf(record: IncidentRecord): Promise<IncidentStatus> {
    const list = createAffectedList({ records, run: record.run, expiresAtMs: () => clock.nowMs() + keepForMs });
    const report = containReportOf(record, await list.counts(record.chunks));
    return Object.freeze({ ...report, ...(record.lift !== undefined && { lift: record.lift }) });
  }

  return async function status(given) {
    const ids = given === undefined ? [...(await book.ids())].reverse() : [incidentId(given, 'incident.status.id')];
    const found = await Promise.all(ids.map((id) => book.read(id)));
    return Object.freeze(await Promise.all(found.filter((record) => record !== undefined).map(statusOf)));
  };
}
