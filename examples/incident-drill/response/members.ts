import { setTimeout as sleep } from 'node:timers/promises';
import { readsContacts } from '../attack/stuffing.ts';
import type { OrdinaryUser } from '../plan.ts';
import { signIn } from '../second-factor/owners.ts';
import { isDone, problemOf } from '../second-factor/routes.ts';
import type { Browser, Exchange } from '../wire.ts';

/** How it is for somebody who has nothing to do with it. */
export interface MemberVisit {
  readonly user: OrdinaryUser;
  readonly isIn: boolean;
  readonly reads: boolean;
  /** Whether the page that was read has the header that a user interface shows its banner by. */
  readonly isTold: boolean;
  readonly writeIsRefused: boolean;
  readonly exportIsRefused: boolean;
}

export const readOnlyHeader = 'portcullis-read-only';
const busyWaitMs = 1_000;
const busyRetries = 2;

/** Signs in anew, reads, tries to write and to export. */
export async function visitReadOnly(user: OrdinaryUser, browser: Browser): Promise<MemberVisit> {
  const isIn = isDone(await patiently(() => signIn({ owner: user, browser })));
  const contacts = await browser.send({ path: '/contacts' });
  return {
    user,
    isIn,
    reads: readsContacts(contacts),
    isTold: contacts.headers[readOnlyHeader] !== undefined,
    writeIsRefused: isReadOnly(await write(browser)),
    exportIsRefused: isReadOnly(await browser.send({ path: '/contacts/export.csv' })),
  };
}

/** Told that the app is busy, people try once more, and then once more. */
export async function patiently(send: () => Promise<Exchange>): Promise<Exchange> {
  let answer = await send();
  for (let retries = 0; retries < busyRetries && answer.status === 503 && !isReadOnly(answer); retries += 1) {
    await sleep(busyWaitMs);
    answer = await send();
  }
  return answer;
}

export function write(browser: Browser): Promise<Exchange> {
  return browser.send({ path: '/contacts', form: { email: 'late.reader@readers.example', name: 'Late Reader' } });
}

/** RFC 9110 section 15.6.4 and RFC 9457: 503, when to come back, why; and the header for user interfaces. */
export function isReadOnly(answer: Exchange): boolean {
  return answer.status === 503 && answer.headers[readOnlyHeader] !== undefined && Number(answer.headers['retry-after']) > 0 && problemOf(answer) === 'read-only';
}
