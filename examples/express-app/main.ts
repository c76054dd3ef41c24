import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { demoSeed, readSeedFile } from './seed.ts';
import { startApp } from './start.ts';

const help = `Larkpost, the example app of portcullis.

  node examples/express-app/main.ts [options]

  --unprotected       the way most apps are written, for comparison
  --port 3000         0 takes a free port
  --host 127.0.0.1
  --data DIR          where the database and the mails go
  --seed-file FILE    JSON: { "teams": [{ "name", "users": [{ "email", "name", "password" }], "contacts": [{ "email", "name" }] }] }
  --fast-seed         cheap hashes for the seed
  --breach-url URL    the breach service to ask instead of the public one
  --json-ready        print one line, {"url": "..."}, when the app takes requests
`;

const { values } = parseArgs({
  options: {
    unprotected: { type: 'boolean', default: false },
    port: { type: 'string', default: '3000' },
    host: { type: 'string', default: '127.0.0.1' },
    data: { type: 'string' },
    'seed-file': { type: 'string' },
    'fast-seed': { type: 'boolean', default: false },
    'breach-url': { type: 'string' },
    'json-ready': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(help);
else {
  try {
    await run();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

async function run(): Promise<void> {
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('--port: expected a number from 0 to 65535');
  const mode = values.unprotected ? 'unprotected' : 'protected';
  const seedFile = values['seed-file'];
  const app = await startApp({
    unprotected: values.unprotected,
    host: values.host,
    port,
    dataFolder: values.data ?? fileURLToPath(new URL(`var/${mode}`, import.meta.url)),
    seed: seedFile === undefined ? demoSeed : readSeedFile(seedFile),
    fastSeed: values['fast-seed'],
    breachUrl: values['breach-url'],
  });
  process.stdout.write(values['json-ready'] ? `${JSON.stringify({ url: app.url })}\n` : banner(app.url, { mode, demo: seedFile === undefined }));

  const stop = (): void => {
    process.off('SIGTERM', stop).off('SIGINT', stop);
    void app.close();
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
}

function banner(url: string, { mode, demo }: { readonly mode: string; readonly demo: boolean }): string {
  const [user] = demo ? (demoSeed.teams[0]?.users ?? []) : [];
  const login = user === undefined ? '' : `  sign in as     ${user.email}\n  password       ${user.password}\n`;
  return `\nLarkpost (${mode}) is running.\n\n  open           ${url}\n  mails          ${url}/mails\n${login}\nCtrl+C ends it.\n\n`;
}
