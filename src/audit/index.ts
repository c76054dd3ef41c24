export { openAddress, type AddressForm } from './address.ts';
export { auditDefaults, createAuditLog, type AuditLog, type AuditLogOptions, type AuditLosses } from './audit.ts';
export { auditCatalogue, type AuditCatalogueLine, type AuditFactor, type AuditLevel, type AuditOutcome, type OwaspEventName } from './catalogue.ts';
export type { AuditEntry, AuditValue } from './entry.ts';
export { fileSink, fileSinkDefaults, type AuditChainOptions, type FileSink, type FileSinkOptions } from './file-sink.ts';
export { jsonLinesSink, type AuditSink, type AuditWrite } from './sinks.ts';
export type { AuditFileProblem, AuditProblemKind } from './chain-check.ts';
export { verifyAuditFiles, verifyAuditFilesDefaults, type AnchorState, type AuditVerification, type VerifyAuditFilesOptions } from './verify.ts';
