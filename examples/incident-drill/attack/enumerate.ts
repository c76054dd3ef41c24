import { calibrate, type Classifier, type Evidence } from '../classifier/calibrate.ts';
import type { Observation, ProbedAddress } from '../classifier/features.ts';
import { createRandom } from '../random.ts';
import { inParallel } from '../parallel.ts';
import type { Accept, Exchange } from '../wire.ts';
import { doors, type Door, type DoorName, type ProbeTools } from './doors.ts';

/** What calibration found at one door. */
export interface DoorFinding {
  readonly name: DoorName;
  readonly title: string;
  readonly evidence: readonly Evidence[];
}

export type Verdict = 'registered' | 'unregistered' | 'unknown';

export interface Enumeration {
  readonly findings: readonly DoorFinding[];
  /** Learns what the doors say about addresses whose truth the attacker knows. */
  calibrate(known: { readonly registered: readonly string[]; readonly unregistered: readonly string[] }): Promise<void>;
  /** Asks about the others, and judges each by all doors together. */
  classify(emails: readonly string[]): Promise<ReadonlyMap<string, Verdict>>;
}

/** Questions under way at once; fewer where each costs the app a password hash, as an app that is too busy says nothing. */
const concurrency = { cheap: 18, hashing: 8 };

/** Asks at every door, in an order that the seed decides. `tools` do the sending. */
export function createEnumeration({ seed, tools }: { readonly seed: number; readonly tools: ProbeTools }): Enumeration {
  const classifiers = new Map<DoorName, Classifier>();

  async function probeAll(emails: readonly string[], label: string): Promise<ReadonlyMap<DoorName, readonly ProbedAddress[]>> {
    const random = createRandom(seed, label);
    const answers = new Map(doors.map(({ name }) => [name, new Map(emails.map((address) => [address, [] as Observation[]]))]));
    const ask = (door: Door, email: string, accept: Accept) => async () => {
      const exchange = await door.probe(email, accept, tools);
      answers.get(door.name)?.get(email)?.push(observationOf(exchange, accept));
    };
    const askAll = (group: readonly Door[], atOnce: number): Promise<void> => {
      const tasks = group.flatMap((door) => emails.flatMap((email) => door.asks.map((accept) => ask(door, email, accept))));
      return inParallel(random.shuffle(tasks), atOnce);
    };
    const first = doors.filter(({ last }) => !last);
    await Promise.all([
      askAll(first.filter(({ hashes }) => !hashes), concurrency.cheap),
      askAll(first.filter(({ hashes }) => hashes), concurrency.hashing),
    ]);
    await askAll(doors.filter(({ last }) => last), concurrency.hashing);
    return new Map([...answers].map(([name, byEmail]) => [name, [...byEmail].map(([address, observations]) => ({ address, observations }))]));
  }

  return {
    get findings() {
      return doors.map(({ name, title }) => ({ name, title, evidence: classifiers.get(name)?.evidence ?? [] }));
    },
    async calibrate({ registered, unregistered }) {
      const truth = new Set(registered);
      for (const [name, probed] of await probeAll([...registered, ...unregistered], 'calibration')) {
        const parted = { registered: probed.filter(({ address }) => truth.has(address)), unregistered: probed.filter(({ address }) => !truth.has(address)) };
        classifiers.set(name, calibrate(parted));
      }
    },
    async classify(emails) {
      const odds = new Map(emails.map((email) => [email, 0]));
      for (const [name, probed] of await probeAll(emails, 'enumeration')) {
        for (const each of probed) odds.set(each.address, (odds.get(each.address) ?? 0) + (classifiers.get(name)?.weigh(each) ?? 0));
      }
      return new Map([...odds].map(([email, logOdds]) => [email, verdictOf(logOdds)]));
    },
  };
}

function observationOf({ status, headers, body, ms }: Exchange, variant: Accept): Observation {
  return { variant, status, headers, body, ms };
}

function verdictOf(logOdds: number): Verdict {
  if (logOdds === 0) return 'unknown';
  return logOdds > 0 ? 'registered' : 'unregistered';
}
