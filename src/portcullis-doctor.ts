import type { AuditLog } from './audit/index.ts';
import type { FlowParts } from './flows/parts.ts';
import { withDeadline } from './kernel/deadline.ts';
import { errorName, isPortcullisError, StoreError } from './kernel/errors.ts';
import type { ParsedPortcullisOptions } from './portcullis-options.ts';
import type { EvidenceStore } from './ports/evidence-store.ts';
import type { StoreInspection } from './ports/store-inspection.ts';

/** One thing that was looked at. `bad`: mend it before anybody relies on the library. */
export interface DoctorFinding {
  readonly level: 'ok' | 'warn' | 'bad';
  readonly check: string;
  /** One sentence for the person who reads it. It holds no secret. */
  readonly detail: string;
}

export interface DoctorReport {
  /** No finding is `bad`. */
  readonly ok: boolean;
  readonly findings: readonly DoctorFinding[];
}

interface Patient extends Pick<ParsedPortcullisOptions, 'baseUrl' | 'clock' | 'counters' | 'records' | 'processes' | 'limits' | 'loginGuard' | 'detect' | 'keys' | 'challenge' | 'readOnly' | 'incident'> {
  readonly parts: FlowParts;
  readonly audit: AuditLog | undefined;
  /** Where strangers' evidence is kept in the end. */
  readonly evidence: EvidenceStore;
}

/** Looks at the stores, the keys and the options. Writes one record and removes it. Never rejects. */
export async function examine(patient: Patient): Promise<DoctorReport> {
  const findings = (await Promise.all([recordsOf(patient), countersOf(patient), inspectionsOf(patient), keysOf(patient), readOnlyOf(patient), Promise.resolve(optionsOf(patient))])).flat();
  return { ok: findings.every(({ level }) => level !== 'bad'), findings };
}

async function attempt(check: string, detail: string, work: () => Promise<unknown>): Promise<DoctorFinding> {
  try {
    await work();
    return { level: 'ok', check, detail };
  } catch (error) {
    return { level: 'bad', check, detail: isPortcullisError(error) ? error.message : `it failed: ${errorName(error)}` };
  }
}

async function recordsOf({ parts: { records, random } }: Patient): Promise<readonly DoctorFinding[]> {
  const key = `doctor:${random(12).toString('base64url')}`;
  const works = await attempt('records', 'the store takes a record, gives it back and removes it', async () => {
    if (!(await records.compareAndSet({ key, expectedVersion: 0, value: '{}' }))) throw new Error('refused');
    const found = await records.read(key);
    if (found?.value !== '{}') throw new Error('lost');
    if (!(await records.compareAndSet({ key, expectedVersion: found.version, value: null }))) throw new Error('kept');
  });
  const durable: DoctorFinding = records.durable
    ? { level: 'ok', check: 'records.durable', detail: 'records outlive the process' }
    : { level: 'bad', check: 'records.durable', detail: 'records end with the process: used codes work again, and switches, epochs and second factors are lost; use sqliteStore(path) or another durable store' };
  return [works, durable];
}

async function countersOf({ counters, processes, evidence, parts: { limiters, limitKeys } }: Patient): Promise<readonly DoctorFinding[]> {
  const works = await attempt('counters', 'the store answers', () => limiters.signIn.peek({ account: limitKeys.account('') }));
  const shared: DoctorFinding = counters.shared
    ? { level: 'ok', check: 'counters.shared', detail: 'all processes count together' }
    : { level: 'warn', check: 'counters.shared', detail: 'each process counts for itself: with several of them every limit is as many times as high' };
  const judged: DoctorFinding = evidence.shared
    ? { level: 'ok', check: 'evidence.shared', detail: 'all processes judge strangers together' }
    : { level: 'warn', check: 'evidence.shared', detail: 'each process judges strangers by what it has seen itself, and forgets it when it ends; redisStore keeps evidence for all' };
  const alone: DoctorFinding = { level: 'warn', check: 'processes', detail: 'is 1: where several processes share the counters, each would give out every limit whole while they are away; say how many there are' };
  return counters.shared && processes === 1 ? [works, shared, judged, alone] : [works, shared, judged];
}

/** Stores that can look at their servers: what keeps records may itself forget them. */
interface Inspectable {
  readonly inspect?: () => Promise<StoreInspection>;
}

const inspectionDeadlineMs = 5_000;

async function inspectionsOf({ counters, records, clock }: Patient): Promise<readonly DoctorFinding[]> {
  const asked: [string, Inspectable][] = [['records', records as Inspectable]];
  if (counters !== (records as unknown)) asked.push(['counters', counters as Inspectable]);
  const found = await Promise.all(asked.map(async ([name, { inspect }]) => {
    if (typeof inspect !== 'function') return [];
    try {
      const { findings } = await withDeadline(inspect(), { clock, deadlineMs: inspectionDeadlineMs, onLate: () => new StoreError(`no answer within ${inspectionDeadlineMs} ms`) });
      return findings.map((finding) => ({ ...finding, check: `${name}.${finding.check}` }));
    } catch (error) {
      return [{ level: 'bad' as const, check: `${name}.inspect`, detail: isPortcullisError(error) ? error.message : `it failed: ${errorName(error)}` }];
    }
  }));
  return found.flat();
}

async function keysOf({ keys }: Patient): Promise<readonly DoctorFinding[]> {
  return [
    await attempt('keys', 'the newest key seals and opens', () => {
      const opened = keys.open('token', keys.seal('token', 'doctor', 'doctor'), 'doctor');
      return opened.ok ? Promise.resolve() : Promise.reject(new Error('not opened'));
    }),
  ];
}

async function readOnlyOf({ readOnly: option, parts: { readOnly } }: Patient): Promise<readonly DoctorFinding[]> {
  if (option === false) return [{ level: 'warn', check: 'read-only', detail: 'is switched off by the option readOnly: false: contain() cannot stop writes' }];
  await readOnly.ready(5_000);
  const { state, switches } = readOnly.known();
  if (state !== 'current') return [{ level: 'bad', check: 'read-only', detail: state === 'unknown' ? 'the switch has never been read: writes are refused' : 'the switch cannot be read now; what it said last holds' }];
  return [{ level: switches.length === 0 ? 'ok' : 'warn', check: 'read-only', detail: switches.length === 0 ? 'is off' : `is on: ${switches.length} ${switches.length === 1 ? 'switch' : 'switches'}` }];
}

function optionsOf({ baseUrl, limits, loginGuard, detect, challenge, incident, audit }: Patient): readonly DoctorFinding[] {
  const lost = audit === undefined ? 0 : Object.values(audit.dropped().bySink).reduce((sum, count) => sum + count, audit.dropped().refused);
  const findings: (DoctorFinding | false)[] = [
    baseUrl.startsWith('http:') && { level: 'warn', check: 'baseUrl', detail: 'is http: links in mails and cookies can be read on the way' },
    limits.mode === 'observe' && { level: 'warn', check: 'limits', detail: 'are only observed: nobody is turned away' },
    loginGuard.mode === 'observe' && { level: 'warn', check: 'loginGuard', detail: 'only observes: no stranger is asked for more or refused, whatever the evidence' },
    detect.sinks.length === 0 && detect.onAlarm === undefined && { level: 'warn', check: 'detect', detail: 'alarms reach nobody: hand in sinks, or onAlarm' },
    challenge.strangers === 'none' && { level: 'warn', check: 'challenge.strangers', detail: 'a right password from an unknown browser is asked for no mailed link' },
    audit === undefined
      ? { level: 'warn', check: 'audit', detail: 'there is no audit log: nobody will be able to say who came in' }
      : { level: lost === 0 ? 'ok' : 'bad', check: 'audit', detail: lost === 0 ? 'every entry has been taken' : `${lost} entries were lost` },
    incident.pages === undefined && { level: 'warn', check: 'incident.pages', detail: 'contain() can tell nobody but the affected: hand in the pages of the user table' },
    incident.signIns === undefined && incident.auditPath === undefined && { level: 'warn', check: 'incident.signIns', detail: 'contain() cannot find who signed in from an attacker\'s address: hand in auditPath, or signIns' },
  ];
  return findings.filter((finding) => finding !== false);
}
