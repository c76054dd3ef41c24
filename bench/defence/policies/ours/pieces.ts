import { createKeyRing, type SecurityEvent } from 'portcullis';
import { createAttackMonitor } from 'portcullis/detect';
import { createLimiter } from 'portcullis/limiter';
import { createLoginGuard } from 'portcullis/login-guard';
import type { Alarm, LoginAttempt, PolicyWorld } from '../../policy.ts';
import { storesThatGoAway } from './away.ts';
import { makeNetworks } from './networks.ts';
import { makeReports } from './reports.ts';
import { memoryStores, type MakeStores, type WrapEvidence } from './stores.ts';
import { makeVisits } from './visits.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** The rates that `createPortcullis` has without options, as the README lists them. */
const rates = {
  signIn: { address: { limit: 10, windowMs: minuteMs }, site: { limit: 100, windowMs: minuteMs }, account: { limit: 5, windowMs: 5 * minuteMs }, device: { limit: 10, windowMs: hourMs } },
  signUp: { address: { limit: 10, windowMs: hourMs }, site: { limit: 100, windowMs: hourMs }, account: { limit: 3, windowMs: hourMs } },
  mail: { address: { limit: 10, windowMs: 10 * minuteMs }, site: { limit: 100, windowMs: 10 * minuteMs }, account: { limit: 3, windowMs: hourMs } },
};

/** What is taken out, to see what it is worth. */
export interface Without {
  readonly evidence?: WrapEvidence;
  readonly limits?: false;
  readonly familiar?: false;
}

export interface PieceOptions {
  readonly without?: Without;
  /** Default: in memory. */
  readonly stores?: MakeStores;
  /** Sees what the monitor is told: so that it can be held against what the product tells its own. */
  readonly onEvent?: (event: SecurityEvent) => void;
}

/** The pieces of a sign-in, each by its public door. */
export function makePieces(world: PolicyWorld, { without = {}, stores: makeStores, onEvent }: PieceOptions = {}) {
  const { clock } = world;
  const alarms: Alarm[] = [];
  const monitor = createAttackMonitor({
    clock,
    onAlarm: ({ kind, cause }, state) => {
      if (state === 'raised') alarms.push({ atMs: clock.nowMs(), kind: kindOf(kind), ...(isOfAll(cause) && { because: 'everybody' }) });
    },
  });
  const observe = (event: SecurityEvent): void => {
    onEvent?.(event);
    monitor.observe(event);
  };
  const stores = makeStores?.(world) ?? (world.outage === true ? storesThatGoAway : memoryStores)(world, without.evidence);
  const { counters: store, evidence } = stores;
  const keys = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from('0123456789abcdef0123456789abcdef') }] });
  const guard = createLoginGuard({ keys, evidence, clock, emit: observe });
  return {
    alarms, guard, stores,
    reports: makeReports({ observe }),
    networks: without.familiar === false ? { ...makeNetworks(), isFamiliar: () => false } : makeNetworks(),
    visits: makeVisits(),
    signIn: createLimiter({ name: 'sign-in', rules: rates.signIn, store, clock, mode: without.limits === false ? 'observe' : 'enforce' }),
    signUp: createLimiter({ name: 'sign-up', rules: rates.signUp, store, clock }),
    mail: createLimiter({ name: 'mail', rules: rates.mail, store, clock }),
    /** Failures in a row of strangers. */
    failures: new Map<string, number>(),
    /** Browsers of an account that more than a password has proven. */
    proven: new Map<string, Set<string>>(),
    /** Right passwords that wait for more. */
    waiting: new Map<LoginAttempt, Awaited<ReturnType<typeof guard.reserve>>>(),
    close() {
      monitor.close();
      stores.close();
    },
  };
}

export type Pieces = ReturnType<typeof makePieces>;

/** The report has columns for these two. */
export function kindOf(kind: string): string {
  if (kind === 'signup-enumeration' || kind === 'forgot-enumeration') return 'enumeration';
  return kind === 'many-accounts' || kind === 'leaked-passwords' ? 'accounts' : kind;
}

function isOfAll(cause: string): boolean {
  return cause === 'everywhere' || cause.startsWith('slowly');
}
