/** What the arguments of a bench ask for: a run, its help, or a line about what is wrong with them. */
export type ParsedCommand<T> = { readonly run: T } | { readonly help: string } | { readonly wrong: string };

/** Does what was asked for. */
export async function runCommand<T>(parsed: ParsedCommand<T>, run: (options: T) => Promise<void>): Promise<void> {
  if ('help' in parsed) {
    process.stdout.write(`${parsed.help}\n`);
  } else if ('wrong' in parsed) {
    process.stderr.write(`${parsed.wrong}\n`);
    process.exitCode = 2;
  } else {
    await run(parsed.run);
  }
}
