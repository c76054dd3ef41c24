import type { ContainPlan, ContainReport, Portcullis } from 'portcullis';
import type { ContainmentPlan, Containments } from './data/containments.ts';

/** A containment takes as long as its mails do, and no request waits for that. */
export interface ContainmentRuns {
  /** Counts what would be done, and does nothing. */
  dryRun(plan: ContainmentPlan): Promise<ContainReport>;
  /** Begins it, or goes on with it. One that is under way is left alone. */
  begin(plan: ContainmentPlan): void;
  /** The ids of those that are under way. To be asked before their status is read: one that ends meanwhile would look as if it had broken off. */
  underWay(): ReadonlySet<string>;
  /** Stops what is under way. The next start of the app goes on with it. */
  close(): Promise<void>;
}

const dayMs = 86_400_000;
/** For those who have no second step yet. Not less: while the app is read-only nobody can set one up. */
const graceMs = 7 * dayMs;

/** Goes on at once with what was ordered and had not come to its end when the app stopped. */
export function createContainmentRuns({ incident }: Portcullis, containments: Containments): ContainmentRuns {
  const running = new Map<string, Promise<void>>();
  const stop = new AbortController();

  async function run(plan: ContainmentPlan): Promise<void> {
    try {
      const { complete } = await incident.contain({ ...planOf(plan), signal: stop.signal });
      if (complete) containments.move(plan.id, 'ordered', 'done');
    } catch (error) {
      // How far it has come is written down: the operator's page shows it, with a button to go on.
      if (!stop.signal.aborted) console.error(error);
    } finally {
      running.delete(plan.id);
    }
  }

  function begin(plan: ContainmentPlan): void {
    if (!running.has(plan.id)) running.set(plan.id, Promise.resolve().then(() => run(plan)));
  }

  for (const plan of containments.open()) begin(plan);
  return {
    dryRun: (plan) => incident.contain({ ...planOf(plan), dryRun: true }),
    begin,
    underWay: () => new Set(running.keys()),
    async close() {
      stop.abort();
      await Promise.all(running.values());
    },
  };
}

function planOf({ id, by, reason, sources, accountIds = [], fromMs, untilMs, reset, secondFactor }: ContainmentPlan): ContainPlan {
  return {
    id,
    by,
    reason,
    affected: { ...(sources.length > 0 && { sources }), ...(accountIds.length > 0 && { accountIds }), ...(fromMs !== undefined && { fromMs }), ...(untilMs !== undefined && { untilMs }) },
    reset: reset ? 'incident' : false,
    secondFactor: secondFactor ? { scope: { kind: 'app' }, graceMs } : false,
  };
}
