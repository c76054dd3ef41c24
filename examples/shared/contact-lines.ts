import type { Contact } from './data/contacts.ts';
import { addressOf, textOf } from './input.ts';

/** Contacts as people paste them: one a line, address, comma, name. The numbers of lines without an address begin at 1. */
export function parseContactLines(lines: string): { readonly list: readonly Contact[]; readonly wrongLines: readonly number[] } {
  const list: Contact[] = [];
  const wrongLines: number[] = [];
  for (const [index, line] of lines.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const comma = line.indexOf(',');
    const email = addressOf(comma < 0 ? line : line.slice(0, comma));
    if (email === undefined) wrongLines.push(index + 1);
    else list.push({ email, name: comma < 0 ? '' : (textOf(line.slice(comma + 1), 100) ?? '') });
  }
  return { list, wrongLines };
}

/** RFC 4180, with a header row. */
export function contactsCsv(contacts: readonly Contact[]): string {
  const rows = contacts.map(({ email, name }) => `${csvCell(email)},${csvCell(name)}\r\n`);
  return `email,name\r\n${rows.join('')}`;
}

function csvCell(value: string): string {
  // A spreadsheet runs what begins so as a formula (OWASP, CSV injection).
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
