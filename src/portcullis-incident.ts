import { auditEntries } from './audit/index.ts';
import { createIncidentResponse, type IncidentResponse } from './flows/incident/incident.ts';
import type { IncidentOptions } from './flows/incident/parts.ts';
import type { FlowParts } from './flows/parts.ts';
import type { KeyRing } from './kernel/keys.ts';
import type { ParsedPortcullisOptions } from './portcullis-options.ts';

/** The response to incidents, made of the pieces that the flows have. Loaded by its first use: an app that starts need not wait for it. */
export function incidentOf(parsed: ParsedPortcullisOptions, parts: FlowParts): IncidentResponse {
  const { auditPath, ...own } = parsed.incident;
  const { accounts, clock, emit, epochs, links, mailer, mfa, random, readOnly, records, reportError, resets } = parts;
  const fromFiles: Partial<ReturnType<typeof queriesOf>> = auditPath === undefined ? {} : queriesOf(auditPath, parsed.keys);
  const queries = { signIns: own.signIns ?? fromFiles.signIns, entries: own.entries ?? fromFiles.entries };
  return createIncidentResponse({ ...own, ...queries, accounts, clock, emit, epochs, links: { signIn: links.signIn, forgot: links.forgot }, mailer, mfa, random, readOnly, records, reportError, resets });
}

function queriesOf(path: string, keys: KeyRing): Pick<IncidentOptions, 'signIns' | 'entries'> {
  return {
    async *signIns({ sources, fromMs, untilMs }) {
      for await (const { account, time } of auditEntries({ keys, path, sources, gotIn: true, fromMs, toMs: untilMs + 1 })) {
        if (account !== undefined) yield { accountId: account, atMs: Date.parse(time) };
      }
    },
    async *entries({ accountIds, events, fromMs, untilMs }) {
      const wanted = accountIds && new Set(accountIds);
      for await (const entry of auditEntries({ keys, path, fromMs, toMs: untilMs + 1, ...(events !== undefined && { events }) })) {
        if (wanted === undefined || wanted.has(entry.account ?? '')) yield entry;
      }
    },
  };
}
