import { setTimeout as sleep } from 'node:timers/promises';
import { jsonOf, type Exchange, type WireRequest } from './wire.ts';

/** A mail in the app's outbox. */
export interface Mail {
  readonly to: string;
  readonly kind: string;
  readonly subject: string;
  readonly text: string;
  readonly sentAtMs: number;
  readonly link: string | undefined;
}

type Send = (request: WireRequest) => Promise<Exchange>;

const tries = 40;
const betweenTriesMs = 100;

/** All mails to one address, or to everybody; newest first. */
export async function mailsTo(email: string | undefined, send: Send): Promise<readonly Mail[]> {
  const { mails } = jsonOf(await send({ path: email === undefined ? '/mails' : `/mails?to=${encodeURIComponent(email)}` }));
  return Array.isArray(mails) ? mails.filter(isMail) : [];
}

/** The token in the link of the newest mail to an address, once one has come that the owner of the mailbox waits for. */
export async function tokenFor(email: string, send: Send, isAwaited: (mail: Mail) => boolean = () => true): Promise<string> {
  for (let tried = 0; tried < tries; tried += 1) {
    const link = (await mailsTo(email, send)).find(isAwaited)?.link;
    if (link !== undefined) return tokenOf(new URL(link));
    await sleep(betweenTriesMs);
  }
  throw new Error(`the app has sent no mail to ${email}`);
}

function isMail(mail: unknown): mail is Mail {
  return typeof mail === 'object' && mail !== null && 'to' in mail && 'kind' in mail && 'text' in mail && 'sentAtMs' in mail;
}

/** The token in a link of a mail. */
export function tokenOf({ searchParams, hash }: URL): string {
  return searchParams.get('token') ?? new URLSearchParams(hash.slice(1)).get('token') ?? '';
}
