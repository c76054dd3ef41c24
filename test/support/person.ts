import { createHmac } from 'node:crypto';
import { expect } from 'vitest';
import type { Mail, RequestFacts, SessionFacts } from 'portcullis';
import { goodPassword, type Kit } from './kit.ts';

/** A browser as the flows see it: an address and a jar of cookies. */
export interface Browser {
  readonly jar: Map<string, string>;
  facts(): RequestFacts;
  /** Keeps the cookies of an answer, and hands the answer on. */
  keep<T>(answer: T): T;
}

export function openBrowser(address = '192.0.2.10', accepts: RequestFacts['accepts'] = 'json'): Browser {
  const jar = new Map<string, string>();
  return {
    jar,
    facts: () => ({ address, accepts, ...(jar.size > 0 && { cookies: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') }) }),
    keep(answer) {
      const { setCookies = [] } = answer as { readonly setCookies?: readonly string[] };
      for (const line of setCookies) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (/; Max-Age=0(;|$)/.test(line)) jar.delete(name);
        else jar.set(name, value);
      }
      return answer;
    },
  };
}

/** An authenticator app that shares no code with the library: RFC 6238, SHA-1, 6 digits, 30 s. */
export function codeAt(secretBase32: string, atMs: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = Array.from(secretBase32.replaceAll(' ', '')).map((char) => alphabet.indexOf(char).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(atMs / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Somebody with an account, who may have several browsers and one authenticator. */
export interface Person {
  readonly id: string;
  readonly email: string;
  browser: Browser;
  session: SessionFacts | undefined;
  secret: string | undefined;
  recoveryCodes: readonly string[];
  /** The code that the authenticator shows now. Each is good once: let 30 s pass for the next. */
  code(): string;
  signIn(password?: string): Promise<Awaited<ReturnType<Kit['portcullis']['signIn']['attempt']>>>;
  /** The second step. */
  giveCode(code?: unknown, remember?: boolean): Promise<Awaited<ReturnType<Kit['portcullis']['secondFactor']['verify']>>>;
  enroll(): Promise<Awaited<ReturnType<Kit['portcullis']['enrollment']['enroll']>>>;
  /** Opens the newest mailed link in this browser. */
  openLink(kind?: 'challenge'): Promise<Awaited<ReturnType<Kit['portcullis']['challenge']['confirm']>>>;
  /** Asks for another address. */
  askForAddress(email: unknown): Promise<Awaited<ReturnType<Kit['portcullis']['emailChange']['request']>>>;
  /** Opens the link in the old mailbox that a change of address takes. */
  proveMailbox(): Promise<void>;
  /** Sets up an authenticator, mailed link and all. */
  enrollWholly(): Promise<void>;
}

/** The token in the newest mail of a kind. */
export function tokenOf(kit: Kit, kind: Mail['kind'], field: 'link' | 'disownLink' = 'link'): string {
  const mail = kit.mails.findLast((each) => each.kind === kind) as Readonly<Record<string, unknown>> | undefined;
  return String(mail?.[field]).split('#token=')[1] ?? '';
}

export async function person(kit: Kit, email = 'ada@example.com', password = goodPassword): Promise<Person> {
  const id = await kit.plant({ email, password });
  const { portcullis, clock } = kit;
  const self: Person = {
    id,
    email,
    browser: openBrowser(),
    session: undefined,
    secret: undefined,
    recoveryCodes: [],
    code: () => codeAt(self.secret ?? '', clock.nowMs()),
    async signIn(given = password) {
      const result = self.browser.keep(await kit.value(portcullis.signIn.attempt({ identifier: email, password: given, facts: self.browser.facts() })));
      if (result.outcome === 'signed-in') self.session = result.session;
      return result;
    },
    async giveCode(code = self.code(), remember = false) {
      const result = self.browser.keep(await kit.value(portcullis.secondFactor.verify({ code, remember, facts: self.browser.facts() })));
      if (result.outcome === 'signed-in') self.session = result.session;
      return result;
    },
    async enroll() {
      return self.browser.keep(await kit.value(portcullis.enrollment.enroll({ session: self.session, name: 'phone', facts: self.browser.facts() })));
    },
    async openLink() {
      await kit.settle();
      const result = self.browser.keep(await kit.value(portcullis.challenge.confirm({ token: tokenOf(kit, 'challenge'), session: self.session, facts: self.browser.facts() })));
      if (result.outcome === 'confirmed' || result.outcome === 'signed-in') self.session = result.session;
      return result;
    },
    async askForAddress(wanted) {
      return self.browser.keep(await kit.value(portcullis.emailChange.request({ session: self.session, email: wanted, facts: self.browser.facts() })));
    },
    async proveMailbox() {
      await self.askForAddress('somewhere@else.example');
      expect((await self.openLink()).outcome).toBe('confirmed');
    },
    async enrollWholly() {
      if (self.session === undefined) expect((await self.signIn()).outcome).toBe('signed-in');
      let begun = await self.enroll();
      if (begun.outcome === 'answered') {
        expect((await self.openLink()).outcome).toBe('confirmed');
        begun = await self.enroll();
      }
      if (begun.outcome !== 'enrollment') throw new Error(JSON.stringify(begun));
      self.secret = begun.enrollment.secret;
      const done = self.browser.keep(await kit.value(portcullis.enrollment.confirm({ session: self.session, factorId: begun.enrollment.factorId, code: self.code(), facts: self.browser.facts() })));
      if (done.outcome !== 'enrolled') throw new Error(JSON.stringify(done));
      self.session = done.session;
      self.recoveryCodes = done.recoveryCodes ?? self.recoveryCodes;
      await kit.clock.advance(30_000);
    },
  };
  return self;
}

/** Makes somebody a member of organizations, in the app's table. */
export function joinOrganization(kit: Kit, { id }: Pick<Person, 'id'>, ...organizationIds: readonly string[]): void {
  const row = kit.table.rows.get(id);
  if (row === undefined) throw new Error(`no account ${id}`);
  kit.table.rows.set(id, { ...row, organizationIds });
}

/** A session that was ended, as if nobody had ended it: what stands behind the epochs is to be seen. */
export async function revived(kit: Kit, session: SessionFacts | undefined): Promise<SessionFacts> {
  if (session === undefined) throw new Error('no session');
  return { ...session, epochs: await kit.portcullis.epochs.mark({ accountId: session.accountId }) };
}
