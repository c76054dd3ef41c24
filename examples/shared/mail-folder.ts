import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mailText, type AppMail } from './mail-texts.ts';

/** A mail as it lies in the folder. `link` and `code` are there for tests; a person reads `text`. */
export interface StoredMail {
  readonly id: string;
  readonly sentAtMs: number;
  readonly to: string;
  readonly kind: AppMail['kind'];
  readonly subject: string;
  readonly text: string;
  readonly link?: string;
  readonly code?: string;
}

/** Stands in for a mail server: each mail becomes a JSON file. It is also the library's `Mailer`. */
export interface MailFolder {
  send(mail: AppMail): Promise<void>;
  /** Newest first; `to` leaves only the mails to that address. */
  list(to?: string): readonly StoredMail[];
  read(id: string): StoredMail | undefined;
}

/** Opens the folder, with the mails that are in it. */
export function openMailFolder(folder: string): MailFolder {
  mkdirSync(folder, { recursive: true });
  const mails = new Map(loadMails(folder).map((mail) => [mail.id, mail]));
  return {
    async send(mail) {
      const sentAtMs = Date.now();
      const stored = storedMail(mail, sentAtMs);
      await writeFile(join(folder, `${stored.id}.json`), `${JSON.stringify(stored, null, 2)}\n`);
      mails.set(stored.id, stored);
    },
    list: (to) => [...mails.values()].filter((mail) => to === undefined || mail.to === to).reverse(),
    read: (id) => mails.get(id),
  };
}

function loadMails(folder: string): readonly StoredMail[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as StoredMail);
}

function storedMail(mail: AppMail, sentAtMs: number): StoredMail {
  const id = `${sentAtMs}-${randomBytes(6).toString('hex')}`;
  return {
    id,
    sentAtMs,
    to: mail.to,
    kind: mail.kind,
    ...mailText(mail),
    ...('link' in mail && { link: mail.link }),
    ...('code' in mail && { code: mail.code }),
  };
}
