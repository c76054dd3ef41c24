import { CommandError, exitCodes } from './exit.ts';
import type { Terminal } from './terminal.ts';

/**
 * Runs long work that Ctrl-C (or SIGTERM) stops where it can be taken up again. A second one ends the process at once. `again`:
 * what the person does to go on. `quiet`: stopping is how it ends.
 */
export async function interruptible<T>(terminal: Terminal, again: string, work: (signal: AbortSignal) => Promise<T>, quiet = false): Promise<T> {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(exitCodes.interrupted);
    if (!quiet) terminal.note('\nstopping after the step that is under way (Ctrl-C again: at once) ...');
    stop.abort(new CommandError(exitCodes.interrupted, `stopped. What was done stays. ${again}`));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await work(stop.signal);
  } catch (error) {
    // Whatever the work rejects with after that, it was stopped by the person.
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
