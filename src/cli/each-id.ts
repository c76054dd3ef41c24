import { exitCodes } from './exit.ts';
import { failureOf } from './errors.ts';
import { interruptible } from './interrupt.ts';
import { createProgress } from './progress.ts';
import { safeLine } from './safe-text.ts';
import type { Outcome, Session } from './session.ts';
import { counted, grouped } from './table.ts';

interface EachId {
  readonly ids: Iterable<string> | AsyncIterable<string>;
  /** How many there are, where that is known. */
  readonly of?: number;
  /** What was done to each, as a person reads it. */
  readonly done: string;
  /** Answers false where nothing was to do. */
  readonly act: (id: string) => Promise<boolean>;
}

interface Failed {
  readonly id: string;
  readonly error: string;
}

/** Failures that are told one by one. */
const maxTold = 100;

/** One after the other, so that a broken store is not stormed. What fails is told, and the others are done. The same list can be given again. */
export async function eachId({ terminal }: Session, { ids, of, done: word, act }: EachId): Promise<Outcome> {
  const progress = createProgress(terminal);
  const failed: Failed[] = [];
  const counts = { done: 0, already: 0, failed: 0 };
  await interruptible(terminal, 'Give the same command again to go on.', async (signal) => {
    for await (const id of ids) {
      signal.throwIfAborted();
      try {
        counts[(await act(id)) ? 'done' : 'already'] += 1;
      } catch (error) {
        counts.failed += 1;
        if (failed.length < maxTold) failed.push({ id, error: failureOf(error).message });
      }
      progress.tell(word, counts.done + counts.already + counts.failed, of);
    }
  }).finally(() => { progress.end(); });
  const lines = [
    `${word}: ${counted(counts.done, 'account')}${counts.already > 0 ? `, ${grouped(counts.already)} already` : ''}${counts.failed > 0 ? `, ${grouped(counts.failed)} failed` : ''}.`,
    ...failed.map(({ id, error }) => `failed: ${safeLine(id)}: ${safeLine(error)}`),
  ];
  return { exit: counts.failed > 0 ? exitCodes.failed : exitCodes.done, text: lines.join('\n'), json: { ...counts, failures: failed } };
}
