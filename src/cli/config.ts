import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { systemClock } from '../kernel/clock.ts';
import { CommandError, exitCodes, usageError } from './exit.ts';
import type { Operated } from './parts.ts';
import type { Terminal } from './terminal.ts';

const names = ['portcullis.config.js', 'portcullis.config.mjs', 'portcullis.config.ts'] as const;
const slowMs = 5_000;

/** What a config function is told: it may write the operator's log to a file of its own, or leave out what only a server needs. */
export interface CommandFacts {
  /** `read-only on`, `contain`, ... */
  readonly command: string;
  /** Who gives the order. */
  readonly by: string;
}

/** The one config file, or the end of the command. */
export function findConfig(given: string | undefined, folder: string): string {
  if (given !== undefined) {
    const path = resolve(folder, given);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) throw usageError(`--config: there is no file ${path}`);
    return path;
  }
  const found = names.filter((name) => existsSync(resolve(folder, name)));
  const [first] = found;
  if (first === undefined) throw usageError(`there is no portcullis.config.js, .mjs or .ts in ${folder}; go to the app's folder or name the file with --config`);
  if (found.length > 1) throw usageError(`there are ${found.join(' and ')} in ${folder}; name one with --config`);
  return resolve(folder, first);
}

/** Loads the file and answers the portcullis that it hands over. */
export async function loadConfig(path: string, facts: CommandFacts, terminal: Terminal): Promise<Operated> {
  if (/\.[cm]?ts$/.test(path) && !process.features.typescript) {
    throw new CommandError(exitCodes.failed, `${path}: this Node (${process.version}) does not load TypeScript; use Node 22.18 or newer without --no-experimental-strip-types, or a .js file`);
  }
  const stopNote = systemClock.after(slowMs, () => { terminal.note(`still loading ${basename(path)} ... (Ctrl-C stops)`); }, true);
  try {
    const module = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    const given: unknown = await module.default;
    const made: unknown = typeof given === 'function' ? await (given as (facts: CommandFacts) => unknown)(facts) : given;
    if (isOperated(made)) return made;
    throw new CommandError(exitCodes.failed, `${path}: expected a Portcullis, or a function that makes one, as the default export; got ${kindOf(made)}`);
  } catch (error) {
    throw error instanceof CommandError ? error : new CommandError(exitCodes.failed, `${path} failed: ${hintOf(error)}`, { cause: error });
  } finally {
    stopNote();
  }
}

function isOperated(value: unknown): value is Operated {
  return typeof value === 'object' && value !== null && typeof (value as { readonly close?: unknown }).close === 'function';
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  return value === null ? 'null' : `a value of type ${typeof value}${typeof value === 'object' ? ' without close()' : ''}`;
}

function hintOf(error: unknown): string {
  if (!(error instanceof Error)) return `it threw a value of type ${typeof error}`;
  const { code } = error as { readonly code?: unknown };
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return `${error.message} (Node only strips types: no enum, namespace or parameter property)`;
  return error.message;
}
