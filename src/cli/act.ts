import type { Command } from 'commander';
import type { Outcome, Session } from './session.ts';

/** The work of one command. `options` are those of the command, as commander read them. */
export type Work<O> = (session: Session, options: O, words: readonly string[]) => Promise<Outcome>;

/** Makes the work of a command what commander calls. */
export type Act = <O extends object>(work: Work<O>) => (this: Command) => Promise<void>;

/** Adds a command, or several, to the program. */
export type AddCommand = (program: Command, act: Act) => void;
