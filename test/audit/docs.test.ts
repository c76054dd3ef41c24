import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { auditEventsPage } from '../../scripts/audit-events-page.ts';

// ASVS 16.1.1
it('the page of events is what scripts/write-audit-events.ts writes from the catalogue', () => {
  expect(readFileSync('docs/audit-events.md', 'utf8')).toBe(auditEventsPage());
});
