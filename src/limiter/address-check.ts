import { isClusterWorker } from '../kernel/cluster-worker.ts';
import { networkOf } from '../kernel/address.ts';
import { callback, flag, integer, readOptions } from '../kernel/options.ts';
import type { Emit } from '../ports/events.ts';

export interface AddressCheckOptions {
  /** Whether the counters are shared by all processes (`CounterStore.shared`). */
  readonly sharedCounters: boolean;
  /** How many requests are looked at before the check falls silent. Default 1,000. */
  readonly requests?: number;
  /** Where each problem is named, once. Default: `process.emitWarning`. */
  readonly warn?: (warning: string) => void;
  readonly emit?: Emit;
}

/** What an adapter knows about where a request came from. */
export interface AddressFacts {
  /** The address that limits will count by. */
  readonly address: string | undefined;
  /** Whether the request carries X-Forwarded-For or Forwarded. */
  readonly forwarded: boolean;
  /** `all` where the framework believes every proxy (`true`), `none` where it believes none: by default, or by a setting that means nobody. */
  readonly proxyTrust: 'none' | 'some' | 'all';
}

type Problem = 'no-address' | 'proxy-not-trusted' | 'every-proxy-trusted' | 'one-address' | 'counters-per-process';

const advice: Readonly<Record<Problem, string>> = {
  'no-address': 'requests arrive without a client address: limits by address count them all in one wide bucket. Check the listener (a Unix socket has no address) and the proxy setting.',
  'proxy-not-trusted': 'requests carry X-Forwarded-For or Forwarded, but the framework trusts no proxy: every client counts as the proxy. In Express: app.set("trust proxy", <number of proxies or their networks>). In Fastify: fastify({ trustProxy: "<their networks>" }); a number trusts nobody there.',
  'every-proxy-trusted': 'the framework trusts every proxy, so anybody can choose an address by sending X-Forwarded-For. In Express: app.set("trust proxy", <number of proxies or their networks>) instead of true. In Fastify: fastify({ trustProxy: "<their networks>" }).',
  'one-address': 'all requests so far came from one address: limits by address would stop all clients together. If there is more than one client, something in front hides them: let it pass their address on, and trust it.',
  'counters-per-process': 'this is one of several cluster workers and the counters live in each of them: every limit is multiplied by the number of workers. Use a shared store.',
};

/**
 * Looks at the first requests and names what makes limits by address useless, once each: by a warning and by a
 * `limiter.misconfigured` event. Answers nothing and refuses nobody.
 */
export function createAddressCheck(options: AddressCheckOptions): (facts: AddressFacts) => void {
  const { sharedCounters, requests, warn, emit } = readOptions('addressCheck', options, {
    sharedCounters: flag(false),
    requests: integer({ min: 10, max: 1_000_000, fallback: 1_000 }),
    warn: callback<(warning: string) => void>((warning: string) => {
      process.emitWarning(warning, { code: 'PORTCULLIS_ADDRESS' });
    }),
    emit: callback<Emit>(() => undefined),
  });
  const told = new Set<Problem>();
  let seen = 0;
  let first: string | undefined;
  let several = false;

  function tell(problem: Problem): void {
    if (told.has(problem)) return;
    told.add(problem);
    warn(`portcullis: ${advice[problem]}`);
    emit({ type: 'limiter.misconfigured', problem, advice: advice[problem] });
  }

  if (isClusterWorker() && !sharedCounters) tell('counters-per-process');

  return function checkAddress({ address, forwarded, proxyTrust }: AddressFacts) {
    if (seen >= requests) return;
    seen += 1;
    const network = networkOf(address)?.key;
    if (network === undefined) tell('no-address');
    else if (first === undefined) first = network;
    else if (network !== first) several = true;
    if (proxyTrust === 'all') tell('every-proxy-trusted');
    if (forwarded && proxyTrust === 'none') tell('proxy-not-trusted');
    if (seen === requests && !several && first !== undefined) tell('one-address');
  };
}
