import { auditEntries, auditQuery, auditWhatIf, verifyAuditFiles, type AuditLog, type AuditQueryOptions, type AuditQueryResult, type AuditVerification, type AuditWhatIfOptions, type AuditWhatIfResult, type VerifyAuditFilesOptions } from './audit/index.ts';
import { createIncidentResponse, type IncidentResponse } from './flows/incident/incident.ts';
import type { IncidentOptions } from './flows/incident/parts.ts';
import type { AccountPages } from './flows/incident/walk.ts';
import { renewMails } from './flows/door.ts';
import { accountOf } from './flows/in-time.ts';
import type { FlowParts } from './flows/parts.ts';
import { createResetTickets } from './flows/reset-tickets.ts';
import type { KeyRing } from './kernel/keys.ts';
import type { ParsedPortcullisOptions } from './portcullis-options.ts';

/** What operators alone need is loaded together. */
export { examine } from './portcullis-doctor.ts';

/** The response to incidents, made of the pieces that the flows have. Loaded by its first use: an app that starts need not wait for it. */
export function incidentOf(parsed: ParsedPortcullisOptions, parts: FlowParts, audit: AuditLog | undefined): IncidentResponse {
  const { auditPath, ...own } = parsed.incident;
  const { accounts, clock, devices, emit, epochs, links, mailer, mfa, random, readOnly, records, reportError, resets } = parts;
  const tickets = createResetTickets(parts);
  const fromFiles: Partial<ReturnType<typeof queriesOf>> = auditPath === undefined ? {} : queriesOf(auditPath, parsed.keys, audit);
  const queries = { signIns: own.signIns ?? fromFiles.signIns, entries: own.entries ?? fromFiles.entries };
  return createIncidentResponse({ ...own, ...queries, pages: own.pages && plainPages(own.pages), accounts, clock, devices, emit, endResets: (accountId) => tickets.end(accountId), renewMails: (account) => renewMails(parts, account), epochs, links: { signIn: links.signIn, forgot: links.forgot }, mailer, mfa, random, readOnly, records, reportError, resets });
}

/** Pages of a table without a type checker: numbers are ids too, and null is no next page. What is no page at all is left to be refused. */
function plainPages(pages: AccountPages): AccountPages {
  return async (cursor) => {
    const page = await pages(cursor);
    if (!Array.isArray((page as Partial<typeof page> | null | undefined)?.accounts)) return page;
    return { accounts: page.accounts.map(accountOf).filter((account) => account !== undefined), next: page.next ?? undefined };
  };
}

/** How long entries that are on their way may take into the files before these are read, ms. */
const drainMs = 5_000;

function queriesOf(path: string, keys: KeyRing, audit: AuditLog | undefined): Pick<IncidentOptions, 'signIns' | 'entries'> {
  return {
    async *signIns({ sources, fromMs, untilMs }) {
      await audit?.drain(drainMs);
      for await (const { account, time } of auditEntries({ keys, path, sources, gotIn: true, fromMs, toMs: untilMs + 1 })) {
        if (account !== undefined) yield { accountId: account, atMs: Date.parse(time) };
      }
    },
    async *entries({ accountIds, events, fromMs, untilMs }) {
      await audit?.drain(drainMs);
      const wanted = accountIds && new Set(accountIds);
      for await (const entry of auditEntries({ keys, path, fromMs, toMs: untilMs + 1, ...(events !== undefined && { events }) })) {
        if (wanted === undefined || wanted.has(entry.account ?? '')) yield entry;
      }
    },
  };
}

/** Questions to the files of the audit log, with the keys and the store of the app. */
export interface AuditFiles {
  /** Whether lines of a chained log were changed, removed, moved or added. */
  verify(options: Omit<VerifyAuditFilesOptions, 'keys' | 'records'>): Promise<AuditVerification>;
  /** What an account did, or who came from where. With `reveal`, addresses in full: itself an event. */
  query(options: Omit<AuditQueryOptions, 'keys' | 'reveal'> & { readonly reveal?: { readonly by: string; readonly reason: string } }): Promise<AuditQueryResult>;
  /** What guards in observe mode would have done. Without `path` and `paths`: by the log of `incident.auditPath`. */
  whatIf(options: Omit<AuditWhatIfOptions, 'keys' | 'reveal'> & { readonly reveal?: { readonly by: string; readonly reason: string } }): Promise<AuditWhatIfResult>;
}

export function auditFilesOf({ keys, incident }: Pick<ParsedPortcullisOptions, 'keys' | 'incident'>, { records, emit }: Pick<FlowParts, 'records' | 'emit'>, audit: AuditLog | undefined): AuditFiles {
  return {
    async verify(options) {
      await audit?.drain(drainMs);
      // Files alone, without the log that they are of, have no end that the store could know.
      const anchored = options.path !== undefined || options.anchorName !== undefined;
      return verifyAuditFiles({ ...options, keys, ...(anchored && { records }) });
    },
    async query({ reveal, ...options }) {
      await audit?.drain(drainMs);
      return auditQuery({ ...options, keys, ...(reveal !== undefined && { reveal: { ...reveal, emit } }) });
    },
    async whatIf({ reveal, ...options }) {
      await audit?.drain(drainMs);
      const own = options.path === undefined && options.paths === undefined && incident.auditPath !== undefined ? { path: incident.auditPath } : {};
      return auditWhatIf({ ...options, ...own, keys, ...(reveal !== undefined && { reveal: { ...reveal, emit } }) });
    },
  };
}
