import { digestsEqual } from '../../kernel/compare.ts';
import { ConfigError, StoreError } from '../../kernel/errors.ts';
import { accountRecordKey, readJson, updateJson } from '../../kernel/json-record.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import type { Plan } from './plan.ts';

/** What is done, in this order. `sessions` comes after `find` where only those of the affected end. `resets` comes a second time after `find-exposed`. */
export const stepNames = Object.freeze(['read-only', 'sessions', 'find', 'resets', 'second-factor', 'find-exposed', 'tell-affected', 'tell-others'] as const);

export type StepName = (typeof stepNames)[number];

/** What a step keeps for whoever goes on with it, and for the report. Plain numbers, texts and flags. */
export type StepData = Readonly<Record<string, number | string | boolean | undefined>>;

/** `turn` grows with every write of the step: whoever writes on an older one has lost. `runner`: which call is at it. */
export interface StepState {
  readonly state: 'begun' | 'done' | 'failed';
  readonly turn: number;
  readonly runner: string;
  readonly beganMs: number;
  /** Time that was worked on it, all attempts together. */
  readonly tookMs: number;
  readonly endedMs?: number;
  /** Class and code of what stopped it. */
  readonly error?: string;
  readonly data: StepData;
}

/** What the report tells of the plan. Addresses of the attack are not kept. */
export interface PlanSummary {
  readonly sessions: string;
  readonly sources: number;
  readonly listed: number;
  readonly fromMs?: number;
  readonly untilMs?: number;
  readonly noticedMs?: number;
}

export interface IncidentLift {
  readonly by: string;
  readonly atMs: number;
  readonly readOnly: string;
}

/** One incident. `run` is random: the lists of an incident whose record was lost are not those of its successor. */
export interface IncidentRecord {
  readonly id: string;
  readonly run: string;
  readonly by: string;
  readonly reason: string;
  readonly tag: string;
  readonly plan: PlanSummary;
  readonly beganMs: number;
  /** Lists of affected accounts that are full or were the last of a finding. */
  readonly chunks: number;
  readonly steps: Readonly<Partial<Record<StepName, StepState>>>;
  readonly finishedMs?: number;
  readonly lift?: IncidentLift;
}

/** Newest last. */
interface IncidentIndex {
  readonly ids: readonly string[];
}

const maxIndexed = 100;
const indexKey = accountRecordKey('incident-index', 'all');

export interface IncidentBook {
  /** The incident of this plan, begun where there is none. ERR_CONFIG where another plan has the id. */
  open(plan: Plan, fresh: { readonly run: string; readonly nowMs: number }): Promise<IncidentRecord>;
  read(id: string): Promise<IncidentRecord | undefined>;
  /** Writes a change of the incident that was opened; answers the record as it is then. `next` undefined leaves it. */
  update(of: Pick<IncidentRecord, 'id' | 'run'>, next: (record: IncidentRecord) => IncidentRecord | undefined): Promise<IncidentRecord>;
  ids(): Promise<readonly string[]>;
}

/** Incidents as records, one each, and one that lists the newest hundred. */
export function createIncidentBook(records: RecordStore): IncidentBook {
  async function read(id: string): Promise<IncidentRecord | undefined> {
    const found = await readJson<unknown>(records, keyOf(id));
    return found && checked(found.value, id);
  }

  return {
    read,
    async open(plan, { run, nowMs }) {
      const known = (await read(plan.id)) ?? (await begin(records, plan, { run, nowMs }));
      if (!digestsEqual(known.tag, plan.tag)) throw new ConfigError('incident.contain.id: expected the plan with which this incident was begun, or another id');
      return known;
    },
    update: ({ id, run }, next) =>
      updateJson<unknown, IncidentRecord>(records, keyOf(id), (previous) => {
        const record = previous === undefined ? undefined : checked(previous, id);
        if (record?.run !== run) throw new StoreError('records: the record of the incident is gone; call contain again');
        const value = next(record);
        return { value, answer: value ?? record };
      }),
    ids: async () => idsOf((await readJson<unknown>(records, indexKey))?.value),
  };
}

/** The list first: an incident that is not on it would not be found by somebody who does not know its id. */
async function begin(records: RecordStore, plan: Plan, { run, nowMs }: { readonly run: string; readonly nowMs: number }): Promise<IncidentRecord> {
  await updateJson<unknown, undefined>(records, indexKey, (previous) => {
    const ids = idsOf(previous);
    const value: IncidentIndex = { ids: [...ids.filter((id) => id !== plan.id), plan.id].slice(-maxIndexed) };
    return { value: ids.at(-1) === plan.id ? undefined : value, answer: undefined };
  });
  const { id, by, reason, tag } = plan;
  const fresh: IncidentRecord = { id, run, by, reason, tag, plan: summaryOf(plan), beganMs: nowMs, chunks: 0, steps: {} };
  return updateJson<unknown, IncidentRecord>(records, keyOf(id), (previous) => (previous === undefined ? { value: fresh, answer: fresh } : { value: undefined, answer: checked(previous, id) }));
}

function summaryOf({ sessions, affected: { sources = [], accountIds = [], fromMs, untilMs }, noticedMs }: Plan): PlanSummary {
  return {
    sessions: typeof sessions === 'string' ? sessions : `${sessions.organizations.length} organizations`,
    sources: sources.length,
    listed: accountIds.length,
    ...(fromMs !== undefined && { fromMs }),
    ...(untilMs !== undefined && { untilMs }),
    ...(noticedMs !== undefined && { noticedMs }),
  };
}

function keyOf(id: string): string {
  return accountRecordKey('incident', id);
}

/** A list that cannot be read names nobody: it must not keep anybody from containing. */
function idsOf(value: unknown): readonly string[] {
  const { ids } = Object(value) as { readonly ids?: unknown };
  return Array.isArray(ids) ? ids.filter((id): id is string => typeof id === 'string').slice(-maxIndexed) : [];
}

type Unchecked<T> = { readonly [K in keyof T]?: unknown };

/** A record that cannot be an incident is a broken store: read as none, everything would be done a second time. */
function checked(value: unknown, id: string): IncidentRecord {
  const record = Object(value) as Unchecked<IncidentRecord>;
  const texts = [record.run, record.by, record.reason, record.tag];
  const whole = record.id === id && texts.every((text) => typeof text === 'string' && text !== '') && isCount(record.beganMs) && isCount(record.chunks);
  const { steps, plan, lift, finishedMs } = record;
  if (!whole || !isObject(plan) || !isObject(steps) || !Object.values(steps).every(isStep)) throw unreadable();
  if ((lift !== undefined && !isObject(lift)) || (finishedMs !== undefined && !isCount(finishedMs))) throw unreadable();
  return value as IncidentRecord;
}

function isStep(value: unknown): boolean {
  const { state, turn, runner, beganMs, tookMs, data } = Object(value) as Unchecked<StepState>;
  return (state === 'begun' || state === 'done' || state === 'failed') && isCount(turn) && typeof runner === 'string' && isCount(beganMs) && isCount(tookMs) && isObject(data);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0 && (value as number) <= 8.64e15;
}

function unreadable(): StoreError {
  return new StoreError('records: expected an incident in a record of the kind "incident"');
}

/** A number that a step has kept, or 0. */
export function numberOf(data: StepData | undefined, field: string): number {
  const value = data?.[field];
  return typeof value === 'number' ? value : 0;
}

/** A text that a step has kept. */
export function textOf(data: StepData | undefined, field: string): string | undefined {
  const value = data?.[field];
  return typeof value === 'string' ? value : undefined;
}
