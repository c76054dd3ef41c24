import { writeFileSync } from 'node:fs';
import { auditEventsPage } from './audit-events-page.ts';

/** Writes docs/audit-events.md from the catalogue. A test fails while the page and the catalogue differ. */
writeFileSync(new URL('../docs/audit-events.md', import.meta.url), auditEventsPage());
