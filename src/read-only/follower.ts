import { errorName } from '../kernel/errors.ts';
import { updateJson } from '../kernel/json-record.ts';
import { oncePer } from '../kernel/once-per.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { createKnowledge, type Knowledge } from './knowledge.ts';
import { startLooks } from './looks.ts';
import { checkedRecord, isOn, mostScopes, reconciled, recordKey, type SwitchRecord } from './record.ts';

/** What this process knows of the record, kept up to date. */
export type Follower = Pick<Knowledge, 'state' | 'known' | 'wrote' | 'ready' | 'close'>;

interface FollowerParts {
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly pollMs: number;
  readonly changed: (record: SwitchRecord | undefined) => void;
}

const quietForMs = 60_000;

export function createFollower({ records, clock, emit, pollMs, changed }: FollowerParts): Follower {
  const mayTell = oncePer(quietForMs, clock);
  const knowledge = createKnowledge({ clock, changed });
  let puttingBack = false;

  /** Written anew, orders that the store has lost hold for processes that start from now on, too. */
  async function putBack(lost: SwitchRecord): Promise<void> {
    if (puttingBack || lost.switches.length > mostScopes) return;
    puttingBack = true;
    try {
      const kept = await updateJson<unknown, SwitchRecord | undefined>(records, recordKey, (previous) => {
        const record = previous === undefined ? undefined : checkedRecord(previous);
        const holds = reconciled(knowledge.known(), record, clock.nowMs());
        return { value: holds === record ? undefined : holds, answer: holds };
      });
      if (kept !== undefined) knowledge.wrote(kept);
    } catch {
      // The next look finds the loss again.
    }
    puttingBack = false;
  }

  const endLooks = startLooks({
    records,
    clock,
    pollMs,
    nextTurn: knowledge.nextTurn,
    found(record, turn) {
      const lost = knowledge.found(record, turn);
      if (lost === undefined) return;
      if (mayTell('lost')) emit({ type: 'read-only.record-lost', switches: lost.switches.filter((each) => isOn(each, clock.nowMs())).length });
      void putBack(lost);
    },
    failed(error, turn) {
      if (knowledge.failed(turn) && mayTell('failed')) emit({ type: 'read-only.state-unknown', known: knowledge.state() !== 'unknown', error: errorName(error) });
    },
  });

  return {
    ...knowledge,
    close() {
      endLooks();
      knowledge.close();
    },
  };
}
