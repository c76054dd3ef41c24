/** What a script reads from the exit code. */
export const exitCodes = Object.freeze({
  /** All of it is done. */
  done: 0,
  /** Something failed; the message says what was done. */
  failed: 1,
  /** The command line or the config file's place is wrong. Nothing was done. */
  usage: 2,
  /** Not confirmed. Nothing was done. */
  refused: 3,
  /** Done, and it found problems. */
  findings: 4,
  /** Ctrl-C. What was done stays, and the same command goes on. */
  interrupted: 130,
});

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends the command with a message for its reader. */
export class CommandError extends Error {
  readonly exit: ExitCode;

  constructor(exit: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandError';
    this.exit = exit;
  }
}

export function usageError(message: string): CommandError {
  return new CommandError(exitCodes.usage, message);
}

/** A log of no file is not one in which nothing was changed. */
export function noSuchLog(path: string): CommandError {
  return usageError(`there is no file ${path}, nor one that was rotated away from it`);
}

export const exitCodesHelp = `
Exit codes:
  0    done
  1    failed; the message says what was done
  2    wrong command line, or no config file: nothing was done
  3    not confirmed: nothing was done (a script needs --yes)
  4    done, and problems were found (doctor, audit verify)
  130  stopped by Ctrl-C; what was done stays, the same command goes on`;
