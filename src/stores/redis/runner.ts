import { StoreError } from '../../kernel/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Contact } from './client.ts';
import { isUnknownScript, storeErrorOf } from './faults.ts';
import { createPending, maxPending, type Period } from './pending.ts';
import type { Script } from './scripts.ts';

/**
 * Runs a script by its name; sends its text where the server does not know it. Rejects with ERR_STORE and nothing else. `calls`: how
 * many wait for its answer, one where it is not said.
 */
export type Run = (script: Script, keys: string[], args: string[], calls?: number) => Promise<unknown>;

export function createRunner(contact: Contact, clock: Clock): Run {
  const pending = createPending(clock);

  return (script, keys, args, calls = 1) => {
    // Not sent at all: once the server is back, nobody waits for the answer any more.
    if (!contact.isReady()) return Promise.reject(new StoreError('redis store: not connected'));
    const period = pending.enter(calls);
    if (period === undefined) return Promise.reject(new StoreError(`redis store: ${maxPending} calls wait for an answer already`));

    function answered<T>(answer: T): T {
      pending.leave(period as Period, calls, true);
      return answer;
    }
    function failed(error: unknown): Error {
      pending.leave(period as Period, calls, false);
      return storeErrorOf(error);
    }

    return sent(() => contact.evalSha(script.sha, keys, args)).then(answered, (error: unknown) => {
      if (!isUnknownScript(error)) throw failed(error);
      return sent(() => contact.eval(script.text, keys, args)).then(answered, (again: unknown) => {
        throw failed(again);
      });
    });
  };
}

/** Also for a client that throws where it should reject. */
async function sent(send: () => Promise<unknown>): Promise<unknown> {
  return send();
}
