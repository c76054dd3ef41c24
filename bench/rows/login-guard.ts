import { randomBytes } from 'node:crypto';
import { createKeyRing, memoryEvidence, type EvidenceAttempt } from 'portcullis';
import { createLoginGuard } from 'portcullis/login-guard';
import { inChild } from '../child.ts';
import { rowOf } from '../measure.ts';
import { costOf, interleave } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';

const rounds = 15;
const decisions = 100_000;
/** So many networks and accounts take turns: none of them stays in the processor's cache. */
const many = 20_000;

/** Runs in a child: microseconds of CPU for a reservation and its settlement, all that the guard does of an attempt that fails. */
export async function decisionUs(): Promise<number> {
  const guard = createLoginGuard({ keys: createKeyRing({ keys: [{ id: 'k1', secret: randomBytes(32) }] }), evidence: memoryEvidence() });
  const decide = async (times: number): Promise<void> => {
    for (let turn = 0; turn < times; turn += 1) {
      const at = turn % many;
      const pass = await guard.reserve({ address: `10.${at >> 16}.${at >> 8 & 255}.${at & 255}`, account: `account-${at}`, exists: true, password: `a guess of ${turn}` });
      await guard.settle(pass.receipt, 'failed');
    }
  };
  await decide(decisions / 5);
  const { cpuUs } = await costOf(() => decide(decisions));
  return cpuUs / decisions;
}

/** The same of the store alone: its digests are there already. */
export async function storeUs(): Promise<number> {
  const evidence = memoryEvidence();
  const tag = (): string => randomBytes(16).toString('base64url');
  const attempts = Array.from({ length: many }, (): EvidenceAttempt => ({ source: tag(), account: tag(), password: tag(), exists: true, weight: 1 }));
  const decide = (times: number): void => {
    for (let turn = 0; turn < times; turn += 1) {
      const attempt = attempts[turn % many] as EvidenceAttempt;
      const { charged } = evidence.reserve(attempt);
      evidence.settle({ as: 'failed', attempt, charged });
    }
  };
  decide(decisions / 5);
  const { cpuUs } = await costOf(async () => {
    decide(decisions);
    await Promise.resolve();
  });
  return cpuUs / decisions;
}

async function run(): Promise<readonly BenchRow[]> {
  const { whole, store } = await interleave({ whole: () => inChild(import.meta.url, decisionUs, undefined), store: () => inChild(import.meta.url, storeUs, undefined) }, { rounds });
  return [
    rowOf({ id: 'guard-decision', subject: 'a failed attempt: three keyed digests, reserved and settled, in memory', unit: 'us', values: whole, goal: { atMost: 60, of: 'value' } }),
    rowOf({ id: 'guard-decision-without-digests', subject: 'the same without the digests', unit: 'us', values: store, goal: { atMost: 10, of: 'value' } }),
  ];
}

export const bench: Bench = {
  id: 'login-guard',
  title: 'The login guard',
  rows: ['guard-decision', 'guard-decision-without-digests'],
  method:
    'Each turn is a fresh process that decides 100,000 failed attempts of strangers, after 20,000 that are not counted, one after the other, over 20,000 networks and accounts that take turns; CPU time. ' +
    'The first is createLoginGuard with memoryEvidence: a keyed digest each of the network, the account and the password of the day, a reservation and its settlement. The second is the store alone.',
  run,
};
