import { StoreError } from '../../kernel/errors.ts';
import type { Contact } from './client.ts';
import { isUnknownScript, storeErrorOf } from './faults.ts';
import type { Script } from './scripts.ts';

/** Calls whose answers are not there yet. A server that does not answer must not fill the memory of the app. */
const maxPending = 10_000;

/** Runs a script by its name; sends its text where the server does not know it. Rejects with ERR_STORE and nothing else. */
export type Run = (script: Script, keys: string[], args: string[]) => Promise<unknown>;

export function createRunner(contact: Contact): Run {
  let pending = 0;

  function settled<T>(answer: T): T {
    pending -= 1;
    return answer;
  }

  return (script, keys, args) => {
    // Not sent at all: once the server is back, nobody waits for the answer any more.
    if (!contact.isReady()) return Promise.reject(new StoreError('redis store: not connected'));
    if (pending >= maxPending) return Promise.reject(new StoreError(`redis store: ${maxPending} calls wait for an answer already`));
    pending += 1;
    return sent(() => contact.evalSha(script.sha, keys, args)).then(settled, (error: unknown) => {
      if (!isUnknownScript(error)) throw settled(storeErrorOf(error));
      return sent(() => contact.eval(script.text, keys, args)).then(settled, (again: unknown) => {
        throw settled(storeErrorOf(again));
      });
    });
  };
}

/** Also for a client that throws where it should reject. */
async function sent(send: () => Promise<unknown>): Promise<unknown> {
  return send();
}
