import { inputText, maxIdentifierChars } from '../kernel/identifier.ts';
import type { KeyRing } from '../kernel/keys.ts';
import type { RandomSource } from '../ports/random.ts';
import { contentsOf, cookieOf, withEntry, type Contents, type Entry } from './contents.ts';
import { browserIdOf, randomText, secretBytes } from './secret.ts';
import type { Shown } from './standing.ts';

/** A browser as its cookie shows it. Nothing of it is believed before `recognize`. */
export interface Browser {
  /** 128 random bits that this browser has shown before; undefined without a cookie, and for a cookie that is not ours. */
  readonly id: string | undefined;
  /** Whether the cookie claims to know the account that has this name: a hint by which to choose whose budget is charged. */
  mayKnow(name: string): boolean;
}

/** What stands behind a {@link Browser}: of one request, and changed as the cookie is by its answer. */
interface Seen {
  readonly contents: Contents;
  /** Whether the browser has a cookie of ours already. */
  readonly hasCookie: boolean;
}

/** What one account is to have in the cookie; the tags are made here. */
export type NewEntry = Pick<Entry, 'deviceId' | 'secret' | 'generation' | 'version'>;

export interface Browsers {
  read(cookies: string | undefined): Browser;
  identify(browser: Browser): { readonly id: string; readonly setCookie?: string };
  /** The Set-Cookie line of what the browser has. */
  cookie(browser: Browser): string;
  /** What the browser shows to an account. */
  shownTo(accountId: string, browser: Browser): Shown;
  /** Puts an entry into the cookie, in place of what it had for the account. Answers the Set-Cookie line. */
  put(browser: Browser, account: { readonly accountId: string; readonly name: string; readonly entry: NewEntry }): string;
}

/** The cookies, without the records. */
export function createBrowsers({ keys, random, knownForMs }: { readonly keys: KeyRing; readonly random: RandomSource; readonly knownForMs: number }): Browsers {
  // Beside the handle and not in it: what a cookie holds can be neither made up nor logged.
  const handles = new WeakMap<Browser, Seen>();

  function seenOf(browser: Browser): Seen {
    const seen = handles.get(browser) ?? { contents: { secret: randomText(random, secretBytes), entries: [] }, hasCookie: false };
    handles.set(browser, seen);
    return seen;
  }

  return {
    read(cookies) {
      const contents = contentsOf(keys, cookies);
      const browser: Browser = Object.freeze({
        id: contents && browserIdOf(contents.secret),
        mayKnow: (name: string) => contents !== undefined && claims(keys, contents, name),
      });
      if (contents !== undefined) handles.set(browser, { contents, hasCookie: true });
      return browser;
    },
    identify(browser) {
      const { contents, hasCookie } = seenOf(browser);
      const id = browserIdOf(contents.secret);
      return hasCookie ? { id } : { id, setCookie: cookieOf(keys, contents, knownForMs) };
    },
    cookie: (browser) => cookieOf(keys, seenOf(browser).contents, knownForMs),
    shownTo(accountId, browser) {
      const { contents } = seenOf(browser);
      return { accountId, browserSecret: contents.secret, entry: entryFor(keys, contents, accountId) };
    },
    put(browser, { accountId, name, entry }) {
      const { contents, hasCookie } = seenOf(browser);
      const tagged: Entry = { ...entry, accountTag: keys.digest('account', accountId), nameTag: keys.digest('identifier', name) };
      const next = withEntry(contents, tagged, entryFor(keys, contents, accountId));
      handles.set(browser, { contents: next, hasCookie });
      return cookieOf(keys, next, knownForMs);
    },
  };
}

/** Whether the cookie has an entry of that name, under any key of the ring. */
function claims(keys: KeyRing, { entries }: Contents, name: string): boolean {
  if (entries.length === 0 || inputText(name, maxIdentifierChars) === undefined) return false;
  const tags = keys.digests('identifier', name);
  return entries.some(({ nameTag }) => tags.includes(nameTag));
}

function entryFor(keys: KeyRing, { entries }: Contents, accountId: string): Entry | undefined {
  if (entries.length === 0) return undefined;
  const tags = keys.digests('account', accountId);
  return entries.find(({ accountTag }) => tags.includes(accountTag));
}
