import { auditCatalogue, type AuditCatalogueLine } from '../src/audit/catalogue.ts';

const introduction = `# Events

Every event that the library reports, as the audit log writes it. Written by \`scripts/write-audit-events.ts\` from
\`auditCatalogue\`; do not edit it by hand.

- **level**: \`info\` is daily life, \`warn\` is for a dashboard, \`critical\` is for a person, today.
- **outcome**: \`failure\` means that somebody was wrong, \`denied\` that a guard refused, \`error\` that a part of the system
  does not work as it should. An event of a guard in \`observe\` mode says \`observed\` instead of \`denied\`.
- **OWASP name**: of the OWASP Application Logging Vocabulary. It knows no name for a service or a part that fails;
  \`sys_crash\` (it failed) and \`sys_monitor_disabled\` (a defence is off or weak) are the nearest.
- **details**: what stands under \`details\`, beside the fields that every entry has (\`time\`, \`id\`, \`event\`, \`owasp\`,
  \`level\`, \`outcome\`, \`details\`) and those that it has where they are known (\`app\`, \`factors\`, \`account\`, \`nameTag\`,
  \`address\`).

| event | OWASP name | level | outcome | factors | details | meaning |
|---|---|---|---|---|---|---|
`;

/** The page that lists every event. */
export function auditEventsPage(): string {
  return introduction + Object.entries(auditCatalogue).map(([type, line]) => row(type, line)).join('');
}

function row(type: string, { owasp, level, outcome, factors = [], meaning, fields }: AuditCatalogueLine): string {
  const details = Object.keys(fields).map((field) => `\`${field}\``).join(', ');
  return `| \`${type}\` | \`${owasp}\` | ${level} | ${outcome} | ${factors.join(', ')} | ${details} | ${meaning} |\n`;
}
