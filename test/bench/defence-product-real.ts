import { createKeyRing, memoryEvidence, type Mail } from 'portcullis';
import { kindOf } from '../../bench/defence/policies/ours/pieces.ts';
import type { LoginAttempt, Probe } from '../../bench/defence/policy.ts';
import { makeKit, type Kit } from '../support/kit.ts';
import { openBrowser, type Browser } from '../support/person.ts';
import { makeNotes, type Side, type SiteOptions } from './defence-product-sides.ts';

/** That of the simulator, so that both call everybody the same. */
const keys = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from('0123456789abcdef0123456789abcdef') }] });
const wide = { limit: 1_000_000, windowMs: 60_000 };

/** `createPortcullis` as an app has it, with the same list, and people who read their mails. */
export async function product({ clock, list, stepUp, leaked, accounts }: SiteOptions): Promise<Side> {
  const notes = makeNotes();
  const raised: string[] = [];
  const faults: unknown[] = [];
  const enrolled = new Set(accounts.filter(({ secondFactor }) => secondFactor).map(({ id }) => id));
  const kit = makeKit({
    clock, keys,
    evidence: notes.tapped(memoryEvidence({ clock })),
    // The simulator has none of these four: every mail arrives there, and every link can be opened.
    limits: { code: { address: wide, site: wide, account: wide }, secondFactor: { address: wide, site: wide, account: wide, device: wide }, challenge: { account: wide }, notice: { account: wide } },
    secondFactor: { own: { method: 'webauthn', isEnrolled: async (id) => enrolled.has(id), verify: async () => true } },
    breach: { sources: [{ name: 'leaked passwords', check: async ({ password }) => (list && leaked.has(password) ? { verdict: 'breached', count: 1 } : { verdict: 'clean' }) }] },
    challenge: { strangers: stepUp ? 'suspicious' : 'none' },
    detect: { onAlarm: ({ kind }, state) => { if (state === 'raised') raised.push(kindOf(kind)); } },
    reportError: (error) => faults.push(error),
  });
  for (const { id, name, password } of accounts) {
    kit.table.rows.set(id, { id, email: name, passwordHash: await kit.portcullis.hasher.hash(password), active: true, needsBreachRecheck: false, hasSecondFactor: false, profile: {} });
  }
  await loaded(kit);
  const people = makePeople(kit);
  let told = 0;
  const noted = async (outcome: Promise<string>): ReturnType<Side['signIn']> => {
    const text = await outcome;
    for (const event of kit.events.slice(told)) notes.tell(event);
    told = kit.events.length;
    return notes.seen(text);
  };
  return {
    signIn: (attempt) => noted(signIn(people, attempt)),
    giveMore: (attempt, newPassword) => noted(giveMore(people, attempt, newPassword)),
    ask: (probe, browserId, newPassword) => noted(ask(people, { probe, browserId, newPassword })),
    alarms: () => raised,
    async close() {
      await kit.portcullis.close(0);
      if (faults.length > 0) throw new AggregateError(faults, 'the product has failed, and so nothing was compared');
    },
  };
}

/** What is loaded by its first use would come later than the clock says. */
async function loaded({ portcullis }: Kit): Promise<void> {
  await portcullis.password.check({ password: 'the first one loads the list', personal: [] });
  portcullis.emit({ type: 'sign-out.succeeded' });
  while (portcullis.monitor.snapshot().minutes.length === 0) await new Promise((resolve) => setImmediate(resolve));
}

type People = ReturnType<typeof makePeople>;

/** Those at their browsers and mailboxes. */
function makePeople({ portcullis, clock, mails }: Kit) {
  const jars = new Map<string, Browser['jar']>();
  return {
    portcullis,
    /** The browser and the mail of a sign-in that asked for more. */
    asked: new WeakMap<LoginAttempt, { readonly browser: Browser; readonly mail: Mail | undefined }>(),
    /** A browser keeps its cookies, wherever it is; one without a name is never seen again. */
    browserAt(address: string, id: string | undefined): Browser {
      const opened = openBrowser(address);
      for (const [name, value] of (id === undefined ? undefined : jars.get(id)) ?? []) opened.jar.set(name, value);
      if (id !== undefined) jars.set(id, opened.jar);
      return opened;
    },
    /** One call, with all that it leaves to do once it is answered: within a second or so. Answers what was mailed by it, too. */
    async done<T>(browser: Browser, work: Promise<T>): Promise<{ readonly result: T; readonly mail: Mail | undefined }> {
      const before = mails.length;
      const state = { isDone: false };
      const ended = work.finally(() => {
        state.isDone = true;
      });
      while (!state.isDone) await clock.advance(750);
      const result = browser.keep(await ended);
      return { result, mail: mails.slice(before).find(({ kind }) => kind === 'challenge' || kind === 'reset-password' || kind === 'confirm-sign-up') };
    },
  };
}

function enter(people: People, { name, browser, password }: { readonly name: string; readonly browser: Browser; readonly password: string }) {
  return people.done(browser, people.portcullis.signIn.attempt({ identifier: name, password, facts: browser.facts() }));
}

async function signIn(people: People, attempt: LoginAttempt): Promise<string> {
  const browser = people.browserAt(attempt.address, attempt.browserId);
  const { result, mail } = await enter(people, { name: attempt.name, browser, password: attempt.passwordId });
  people.asked.set(attempt, { browser, mail });
  if (result.outcome === 'signed-in') return result.session.stage === 'full' ? 'in' : 'in, to change the password';
  if (result.outcome === 'second-factor') return 'second factor';
  const { status } = result.reply;
  if (status !== 401) return status === 429 ? 'limited' : `status ${status}`;
  return mail === undefined ? 'wrong' : mail.kind === 'challenge' ? 'link' : 'another password';
}

async function giveMore(people: People, attempt: LoginAttempt, newPassword: string): Promise<string> {
  const { browser, mail } = people.asked.get(attempt) ?? { browser: openBrowser(), mail: undefined };
  if (mail?.kind !== 'reset-password') return proven(people, browser, mail);
  await people.done(browser, people.portcullis.passwordReset.redeem({ token: tokenIn(mail), password: newPassword, proof: 'a touch', facts: browser.facts() }));
  const again = await enter(people, { name: attempt.name, browser, password: newPassword });
  return again.result.outcome === 'signed-in' ? 'in' : proven(people, browser, again.mail);
}

/** The link of a mail is opened, or else the factor given. */
async function proven(people: People, browser: Browser, mail: Mail | undefined): Promise<string> {
  const { portcullis } = people;
  const facts = browser.facts();
  const work = mail?.kind === 'challenge' ? portcullis.challenge.confirm({ token: tokenIn(mail), facts }) : portcullis.secondFactor.verify({ code: undefined, proof: 'a touch', facts });
  const { result: { outcome } } = await people.done<{ readonly outcome: string }>(browser, work);
  return outcome === 'signed-in' ? 'in' : outcome;
}

async function ask(people: People, { probe, browserId, newPassword }: { readonly probe: Probe; readonly browserId: string | undefined; readonly newPassword: string }): Promise<string> {
  const { portcullis } = people;
  const { address, flow, name, completed } = probe;
  const browser = people.browserAt(address, browserId);
  const facts = browser.facts();
  const { result: { reply: { status } }, mail } = await people.done(browser, flow === 'sign-up' ? portcullis.signUp.request({ identifier: name, password: newPassword, facts }) : portcullis.passwordReset.request({ identifier: name, facts }));
  if (status >= 300) return status === 429 ? 'limited' : `status ${status}`;
  if (!completed || mail === undefined) return 'received';
  const token = tokenIn(mail);
  const work = flow === 'sign-up' ? portcullis.signUp.confirm({ token, facts }) : portcullis.passwordReset.redeem({ token, password: newPassword, proof: 'a touch', facts });
  return (await people.done<{ readonly outcome: string }>(browser, work)).result.outcome === 'answered' ? 'received' : 'done';
}

function tokenIn(mail: Mail): string {
  return 'link' in mail ? (mail.link.split('#token=')[1] ?? '') : '';
}
