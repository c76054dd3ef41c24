import type { AuditQueryOptions, AuditQueryResult, AuditReveal, AuditVerification, AuditWhatIfOptions, AuditWhatIfResult, VerifyAuditFilesOptions } from '../audit/index.ts';
import type { SessionEpochs } from '../epochs/index.ts';
import type { IncidentResponse } from '../flows/incident/incident.ts';
import type { DoctorReport } from '../portcullis-doctor.ts';
import type { ReadOnlyMode } from '../read-only/index.ts';
import type { ForcedResets } from '../resets/index.ts';
import { CommandError, exitCodes } from './exit.ts';

/** A log's files, read with the keys and the record store of the app. */
export interface AuditFiles {
  verify(options: Omit<VerifyAuditFilesOptions, 'keys' | 'records'>): Promise<AuditVerification>;
  /** `reveal` is told to the app's own audit log. */
  query(options: Omit<AuditQueryOptions, 'keys' | 'reveal'> & { readonly reveal?: Omit<AuditReveal, 'emit'> }): Promise<AuditQueryResult>;
  /** The same of what guards that only observe would have done. Without `path` and `paths`: of the app's own log, where it knows that. */
  whatIf?(options: Omit<AuditWhatIfOptions, 'keys' | 'reveal'> & { readonly reveal?: Omit<AuditReveal, 'emit'> }): Promise<AuditWhatIfResult>;
}

/**
 * What the command uses of what the config file answers. A `Portcullis` has all of it; an app that has wired its own pieces may
 * hand over those that it has.
 */
export interface Operated {
  readonly readOnly?: Pick<ReadOnlyMode, 'set' | 'lift' | 'status'>;
  readonly epochs?: Pick<SessionEpochs, 'revokeEveryone' | 'revokeOrganization' | 'revokeUser' | 'newest'>;
  readonly resets?: Pick<ForcedResets, 'mark' | 'markBefore' | 'liftBefore' | 'unmark'>;
  readonly incident?: IncidentResponse;
  readonly auditFiles?: AuditFiles;
  doctor?(): Promise<DoctorReport>;
  /** Waits for mails and the audit log; answers how much was left undone. */
  close(deadlineMs?: number): Promise<number>;
}

type PartName = Exclude<keyof Operated, 'close'>;

/** A part, or the end of the command where the config file hands over none. */
export function partOf<N extends PartName>(operated: Operated, name: N): NonNullable<Operated[N]> {
  const part = operated[name];
  if (!part) throw new CommandError(exitCodes.failed, `the portcullis of the config file has no "${name}": this command needs it. Nothing was done.`);
  return part;
}
