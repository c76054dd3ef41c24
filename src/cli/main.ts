#!/usr/bin/env node
import { createRequire } from 'node:module';
import { exitCodes } from './exit.ts';
import { run } from './run.ts';
import { createTerminal } from './terminal.ts';

let ended = false;

/** A config file that waits for something that never comes ends the process without a word: that must not pass for success. */
function watchTheEnd(): void {
  process.once('uncaughtExceptionMonitor', () => { ended = true; });
  process.once('exit', () => {
    if (ended) return;
    process.exitCode = exitCodes.failed;
    process.stderr.write('portcullis: the process ended before the command did; the config file or a store waits for something that never comes\n');
  });
}

async function main(): Promise<never> {
  const { version } = createRequire(import.meta.url)('portcullis/package.json') as { readonly version: string };
  const terminal = createTerminal();
  const code = await run({ argv: process.argv.slice(2), terminal, version });
  await terminal.flush();
  ended = true;
  // What the config file has opened may keep the process for ever.
  process.exit(code);
}

watchTheEnd();
void main();
