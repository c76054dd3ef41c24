import { createLimiter } from '../../src/limiter/index.ts';
import type { RequestFacts } from '../../src/ports/attempt.ts';
import type { App } from './app.ts';

/** What a process is to do, many times at once. Plain JSON. */
export type Deed =
  | { readonly do: 'totp'; readonly accountId: string; readonly code: string; readonly atMs: number }
  | { readonly do: 'recovery'; readonly accountId: string; readonly code: string }
  | { readonly do: 'reset'; readonly token: string }
  | { readonly do: 'reset-code'; readonly identifier: string; readonly code: string }
  | { readonly do: 'challenge'; readonly token: string; readonly cookies: string }
  | { readonly do: 'sign-up'; readonly token: string }
  | { readonly do: 'sign-up-code'; readonly identifier: string; readonly code: string }
  | { readonly do: 'take'; readonly key: string; readonly limit: number; readonly windowMs: number }
  /** The same beside a key of each attempt's own: two keys in one decision, which lie in two slots of a cluster. */
  | { readonly do: 'take-two'; readonly key: string; readonly limit: number; readonly windowMs: number };

/** `done`, or how it was refused. */
export type Outcome = string;

/** Where each attempt comes from: an address of its own, so that no limit but the one that is tested refuses it. */
export interface Attempt {
  readonly address: string;
  /** How far the clock of this process is off, ms. */
  readonly skewMs: number;
}

/** The kind of record that holds the secret of a deed. */
export const kindOf: Readonly<Record<Deed['do'], string>> = {
  totp: 'totp:',
  recovery: 'recovery:',
  reset: 'reset:',
  'reset-code': 'reset:',
  challenge: 'challenge:',
  'sign-up': 'sign-up:',
  'sign-up-code': 'sign-up',
  take: 'none',
  'take-two': 'none',
};

/** So long that nothing comes back during a test. */
export const dayMs = 24 * 3_600_000;
const newPassword = 'nine herons over the old mill';

export function readied(app: App, deed: Deed): (attempt: Attempt) => Promise<Outcome> {
  const { portcullis, recovery } = app;
  switch (deed.do) {
    case 'totp': {
      const { accountId, code, atMs } = deed;
      return async ({ skewMs }) => verdictOf(await app.totpAt(atMs + skewMs).verify({ accountId, code }));
    }
    case 'recovery': {
      const { accountId, code } = deed;
      return async () => verdictOf(await recovery.redeem({ accountId, code }));
    }
    case 'challenge': {
      const { token, cookies } = deed;
      return async ({ address }) => outcomeOf(await portcullis.challenge.confirm({ token, facts: { ...factsOf(address), cookies } }), 'signed-in');
    }
    case 'reset':
    case 'reset-code': {
      const { do: _, ...proof } = deed;
      return async ({ address }) => outcomeOf(await portcullis.passwordReset.redeem({ ...proof, password: `${newPassword} ${address}`, facts: factsOf(address) }), 'reset');
    }
    case 'sign-up':
    case 'sign-up-code': {
      const { do: _, ...proof } = deed;
      return async ({ address }) => outcomeOf(await portcullis.signUp.confirm({ ...proof, facts: factsOf(address) }), 'confirmed');
    }
    case 'take':
    case 'take-two':
      return taking(app, deed);
  }
}

function taking({ place: { counters } }: App, { do: what, key, limit, windowMs }: Extract<Deed, { readonly limit: number }>): (attempt: Attempt) => Promise<Outcome> {
  if (counters === undefined) throw new Error('this store keeps no counters');
  const limiter = createLimiter({ name: 'races', rules: { account: { limit, windowMs }, address: { limit: 10, windowMs } }, store: counters, storeDeadlineMs: 10_000 });
  return async ({ address }) => ((await limiter.take({ account: key, ...(what === 'take-two' && { address }) })).ok ? 'done' : 'refused');
}

function factsOf(address: string): RequestFacts {
  return { address, accepts: 'json' };
}

function verdictOf(verdict: { readonly ok: true } | { readonly ok: false; readonly reason: string }): Outcome {
  return verdict.ok ? 'done' : verdict.reason;
}

function outcomeOf(result: { readonly outcome: string; readonly reply?: { readonly status: number } }, wanted: string): Outcome {
  return result.outcome === wanted ? 'done' : `${result.outcome} ${result.reply?.status ?? ''}`.trim();
}

/** The same act with a secret that never was: it opens connections and loads what is loaded on first use. */
export function vain(deed: Deed): Deed {
  switch (deed.do) {
    case 'totp':
    case 'recovery':
      return { ...deed, accountId: 'nobody' };
    case 'reset':
      return { ...deed, token: `${'a'.repeat(22)}.${'a'.repeat(43)}` };
    case 'challenge':
    case 'sign-up':
      return { ...deed, token: 'a'.repeat(43) };
    case 'reset-code':
    case 'sign-up-code':
      return { ...deed, identifier: `nobody-${process.pid}@example.com` };
    case 'take':
    case 'take-two':
      return { ...deed, key: `nobody-${process.pid}` };
  }
}
