import { setTimeout as sleep } from 'node:timers/promises';
import type { OrdinaryUser } from './plan.ts';
import { createRandom } from './random.ts';
import { createBrowser, type Exchange, type Network, type WireRequest } from './wire.ts';

/** What happened to ordinary users. */
export interface OrdinaryCounts {
  logins: number;
  refused: number;
  readonly ms: number[];
}

export interface OrdinaryUsers {
  readonly counts: Readonly<OrdinaryCounts>;
  /** Lets each of them visit once, one after the other coming in. */
  visit(round: number): Promise<void>;
}

const betweenArrivalsMs = 70;
const busyWaitMs = 1_000;
/** One of so many visits begins with a slip of the finger. */
const typoEvery = 10;

/**
 * Ordinary users, each at an address of their own. Told that the app is busy they try once more, as people do; whoever is
 * turned away then, or for any other reason, is counted.
 */
export function createOrdinaryUsers({ seed, users, network, signal }: { readonly seed: number; readonly users: readonly OrdinaryUser[]; readonly network: Network; readonly signal: AbortSignal }): OrdinaryUsers {
  const counts: OrdinaryCounts = { logins: 0, refused: 0, ms: [] };

  async function visitOnce({ email, password, source }: OrdinaryUser, { round, mistypes }: { readonly round: number; readonly mistypes: boolean }): Promise<void> {
    const browser = createBrowser((request) => network.send(source, request));
    const timed = async (request: WireRequest): Promise<Exchange> => {
      const answer = await browser.send(request);
      counts.ms.push(answer.ms);
      if (answer.status !== 503) return answer;
      await sleep(busyWaitMs, undefined, { signal });
      return browser.send(request);
    };
    if (mistypes) await timed({ path: '/login', form: { email, password: `${password.slice(0, -1)}#` } });
    const login = await timed({ path: '/login', form: { email, password } });
    if (login.status !== 200) {
      counts.refused += 1;
      return;
    }
    counts.logins += 1;
    const visit: readonly WireRequest[] = [
      { path: '/contacts' },
      { path: '/contacts', form: { email: `reader${round}.${email}`, name: 'New Reader' } },
      { path: '/logout', form: {} },
    ];
    for (const request of visit) {
      const { status } = await timed(request);
      if (status !== 200) counts.refused += 1;
    }
  }

  return {
    counts,
    async visit(round) {
      const random = createRandom(seed, `ordinary ${round}`);
      const visits = random.shuffle(users).map(async (user, index) => {
        const mistypes = random.integer(typoEvery) === 0;
        await sleep(index * betweenArrivalsMs, undefined, { signal });
        await visitOnce(user, { round, mistypes });
      });
      await Promise.all(visits);
    },
  };
}
