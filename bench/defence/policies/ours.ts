import { createKeyRing, memoryStore } from '../../../src/index.ts';
import { flowLimitDefaults } from '../../../src/flows/limits.ts';
import { createLimiter, type LimiterDecision } from '../../../src/limiter/index.ts';
import { createLoginGuard, type GuardPass } from '../../../src/login-guard/index.ts';
import type { Alarm, LoginAttempt, LoginOutcome, Policy, PolicyFactory } from '../policy.ts';

export interface OurOptions {
  readonly name: string;
  /** A list of leaked passwords is asked. */
  readonly list: boolean;
  /** Mails can be sent: without, what would be asked for is refused. */
  readonly stepUp: boolean;
  /** Known browsers are recognized. */
  readonly cookies: boolean;
}

const dayMs = 86_400_000;
const familiarForMs = 60 * dayMs;
const mostNetworks = 8;
/** Failures in a row of strangers after which a password opens nothing for them. */
const cap = 50;

function networkOf(address: string): string {
  return address.includes(':') ? address.split(':').slice(0, 3).join(':') : address.slice(0, address.lastIndexOf('.'));
}

/** The pieces of portcullis that a sign-in goes through, in its order, without its user table and its mails. */
export function ours({ name, list, stepUp, cookies }: OurOptions): PolicyFactory {
  return ({ clock }) => {
    const alarms: Alarm[] = [];
    const told = new Map<string, number>();
    const alarm = (kind: string, cause: string, because?: string): void => {
      const nowMs = clock.nowMs();
      if (nowMs - (told.get(`${kind} ${cause}`) ?? -Infinity) < 3_600_000) return;
      told.set(`${kind} ${cause}`, nowMs);
      alarms.push({ atMs: nowMs, kind, ...(because !== undefined && { because }) });
    };
    const keys = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from('0123456789abcdef0123456789abcdef') }] });
    const store = memoryStore({ clock });
    const limiter = createLimiter({ name: 'sign-in', rules: flowLimitDefaults.signIn, store, clock });
    const guard = createLoginGuard({
      keys, evidence: store, clock,
      emit: (event) => {
        if (event.type === 'login-guard.surge' && event.state === 'began') alarm(`surge-${event.test}`, '', 'everybody');
        if (event.type === 'login-guard.decided') for (const reason of event.reasons) if (reason !== 'surge') alarm(reason, reason === 'source' ? (event.address ?? '') : (event.nameTag ?? ''));
      },
    });
    const networks = new Map<string, Map<string, number>>();
    const failures = new Map<string, number>();
    const waiting = new Map<LoginAttempt, GuardPass>();

    const isFamiliar = ({ accountId = '', address, nowMs }: LoginAttempt): boolean => nowMs - (networks.get(accountId)?.get(networkOf(address)) ?? -Infinity) < familiarForMs;
    const remember = ({ accountId = '', address, nowMs }: LoginAttempt): void => {
      const own = networks.get(accountId) ?? new Map<string, number>();
      networks.set(accountId, own);
      own.delete(networkOf(address));
      own.set(networkOf(address), nowMs);
      if (own.size > mostNetworks) own.delete(own.keys().next().value as string);
    };

    async function charge(attempt: LoginAttempt): Promise<LimiterDecision & { readonly known: boolean }> {
      const { known, browserId, address, name: account } = attempt;
      if (known && cookies && browserId !== undefined) {
        const own = await limiter.take({ device: browserId });
        if (own.ok) return { ...own, known: true };
      }
      return { ...(await limiter.take({ address, ...(address.includes(':') && { site: networkOf(address) }), account })), known: false };
    }

    async function attempt(given: LoginAttempt): Promise<LoginOutcome> {
      const decision = await charge(given);
      if (!decision.ok) return { as: 'denied', retryAfterMs: decision.retryAfterMs };
      if (decision.known) {
        if (!given.right) return { as: 'wrong' };
        await limiter.refund(decision);
        await guard.known({ address: given.address });
        remember(given);
        // A known browser gets a session that opens the form for another password, and nothing else.
        return { as: 'in', mustChange: list && given.leaked !== 'no' };
      }
      const { accountId, address, name: account, passwordId } = given;
      const pass = await guard.reserve({ address, account: accountId ?? account, exists: accountId !== undefined, password: passwordId, about: { address, nameTag: account } });
      if (pass.refused) {
        await guard.settle(pass.receipt, 'refused');
        return { as: 'denied' };
      }
      if (!given.right) {
        await guard.settle(pass.receipt, 'failed');
        if (accountId !== undefined) failures.set(accountId, (failures.get(accountId) ?? 0) + 1);
        return { as: 'wrong' };
      }
      const { reasons } = pass.after({ familiar: isFamiliar(given) });
      const asked = list && given.leaked !== 'no' ? `${given.leaked} password` : (failures.get(accountId ?? '') ?? 0) >= cap ? 'too many failures' : reasons[0];
      if (asked !== undefined) {
        const canAsk = stepUp || given.secondFactor;
        await guard.settle(pass.receipt, canAsk ? 'asked' : 'refused');
        if (!canAsk) return { as: 'denied' };
        waiting.set(given, pass);
        return { as: 'step-up', reason: asked, mustChange: list && given.leaked !== 'no' };
      }
      await guard.settle(pass.receipt, 'entered');
      await limiter.refund(decision);
      if (!given.secondFactor) entered(given);
      return { as: 'in' };
    }

    function entered(given: LoginAttempt): void {
      remember(given);
      failures.delete(given.accountId ?? '');
    }

    return {
      name,
      attempt,
      async finished(given) {
        const pass = waiting.get(given);
        waiting.delete(given);
        if (pass !== undefined) await guard.settle(pass.receipt, 'passed');
        entered(given);
      },
      passwordChanged: (accountId) => void failures.delete(accountId),
      alarms: () => alarms,
      bytes: () => 4 * 2 ** 20,
    } satisfies Policy;
  };
}

/** As it is installed, and what each of its parts is worth. */
export const ourPolicies: readonly (readonly [string, PolicyFactory])[] = [
  { name: 'default', list: false, stepUp: true, cookies: true },
  { name: 'leaked', list: true, stepUp: true, cookies: true },
  { name: 'no-step-up', list: false, stepUp: false, cookies: true },
  { name: 'no-cookies', list: false, stepUp: true, cookies: false },
].map((options) => [options.name, ours(options)]);
