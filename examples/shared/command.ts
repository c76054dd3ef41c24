import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { demoSeed, readSeedFile } from './seed.ts';
import type { RunningApp, StartOptions } from './start.ts';

export interface Command {
  /** What starts it: `example:express`. */
  readonly script: string;
  /** As people call it. */
  readonly framework: string;
  /** Where the app is; its data goes to var/ there. */
  readonly folder: string;
  readonly start: (options: StartOptions) => Promise<RunningApp>;
}

const helpOf = ({ script, framework }: Command): string => `Larkpost, the example app of portcullis, on ${framework}.

  npm run ${script} -- [options]

  --unprotected       the way most apps are written, for comparison
  --port 3000         0 takes a free port
  --host 127.0.0.1
  --data DIR          where the database and the mails go (default: var/ beside the app)
  --seed-file FILE    JSON: { "teams": [{ "name", "users": [{ "email", "name", "password" }], "contacts": [{ "email", "name" }] }] }
  --fast-seed         cheap hashes for the seed
  --operator EMAIL    makes an account an operator, in the protected mode; may be given several times
  --breach-url URL    the breach service to ask instead of the public one
  --json-ready        print one line, {"url": "..."}, when the app takes requests
  --help
`;

type Values = ReturnType<typeof readArguments>;

/** What `main.ts` of each app runs. */
export async function runCommand(command: Command): Promise<void> {
  try {
    const values = readArguments();
    if (values.help) process.stdout.write(helpOf(command));
    else await run(command, values);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

function readArguments() {
  const options = {
    unprotected: { type: 'boolean', default: false },
    port: { type: 'string', default: '3000' },
    host: { type: 'string', default: '127.0.0.1' },
    data: { type: 'string' },
    'seed-file': { type: 'string' },
    'fast-seed': { type: 'boolean', default: false },
    operator: { type: 'string', multiple: true },
    'breach-url': { type: 'string' },
    'json-ready': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const;
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new Error(`${(error as Error).message.split('. ')[0] ?? ''}. --help lists the options.`, { cause: error });
  }
}

async function run({ folder, framework, start }: Command, values: Values): Promise<void> {
  const port = readPort(values.port);
  const mode = values.unprotected ? 'unprotected' : 'protected';
  const seedFile = values['seed-file'];
  const dataFolder = values.data ?? join(folder, 'var', mode);
  const app = await start({
    unprotected: values.unprotected,
    host: values.host,
    port,
    dataFolder,
    seed: seedFile === undefined ? demoSeed : readSeedFile(seedFile),
    fastSeed: values['fast-seed'],
    operators: (values.operator ?? []).map((email) => email.trim().toLowerCase()),
    breachUrl: values['breach-url'],
    onAlarm: ({ kind, level, summary }) => {
      process.stdout.write(values['json-ready'] ? `${JSON.stringify({ alarm: { kind, level, summary } })}\n` : `${level}: ${summary}\n`);
    },
  });
  process.stdout.write(values['json-ready'] ? `${JSON.stringify({ url: app.url })}\n` : banner(app.url, { framework, mode, dataFolder, demo: seedFile === undefined }));

  const stop = (): void => {
    process.off('SIGTERM', stop).off('SIGINT', stop);
    void app.close();
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) throw new Error('--port: expected a number from 0 to 65535');
  return port;
}

function banner(url: string, { framework, mode, dataFolder, demo }: { readonly framework: string; readonly mode: string; readonly dataFolder: string; readonly demo: boolean }): string {
  const operator = demo ? demoSeed.teams.flatMap(({ users }) => users).find((each) => each.operator) : undefined;
  const [user] = demo ? (demoSeed.teams[0]?.users ?? []) : [];
  const lines = [
    ['open', url],
    ['mails', `${url}/mails`],
    ...(user === undefined ? [] : [['sign in as', user.email], ['password', user.password]]),
    ...(operator === undefined || mode === 'unprotected' ? [] : [['operator', `${url}/operator as ${operator.email}`], ['password', operator.password]]),
    ['data', `${shortPath(dataFolder)} (remove it to begin anew)`],
    ['compare', mode === 'protected' ? 'the same app with --unprotected' : 'the same app without --unprotected'],
  ];
  return `\nLarkpost (${mode}, ${framework}) is running.\n\n${lines.map(([name = '', value = '']) => `  ${name.padEnd(13)}${value}\n`).join('')}\nCtrl+C ends it.\n\n`;
}

function shortPath(path: string): string {
  const fromHere = relative('', path);
  return fromHere === '' || fromHere.startsWith('..') ? path : fromHere;
}
