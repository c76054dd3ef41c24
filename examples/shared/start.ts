import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Clock, Portcullis } from 'portcullis';
import type { Auth, AuthContext } from './auth.ts';
import { openData, type Data } from './data/data.ts';
import type { Viewers } from './live/viewers.ts';
import { openMailFolder } from './mail-folder.ts';
import { plantSeed, type Seed } from './seed.ts';
import { createSessions } from './sessions.ts';

export interface StartOptions {
  readonly unprotected: boolean;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Where the database and the mails are. */
  readonly dataFolder: string;
  readonly seed: Seed;
  readonly fastSeed: boolean;
  /** Addresses of accounts that are to look after the whole app. The protected mode has pages for them. */
  readonly operators?: readonly string[];
  readonly breachUrl?: string | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Told of each attack as it begins. Default: nobody; the operator's pages show it. */
  readonly onAlarm?: AuthContext['onAlarm'];
}

/** The app in the terms of one framework. */
export interface FrameworkApp {
  readonly listener: RequestListener;
  /** Ends what the framework has made, after the last request. */
  readonly close?: () => Promise<void>;
}

export type CreateApp = (auth: Auth, context: AuthContext) => Promise<FrameworkApp>;

export interface RunningApp {
  readonly url: string;
  readonly context: AuthContext;
  /** In the protected mode. */
  readonly portcullis?: Portcullis | undefined;
  readonly live?: Viewers | undefined;
  close(): Promise<void>;
}

/** Starts an example app, and answers when it takes requests. */
export async function startWith(createApp: CreateApp, options: StartOptions): Promise<RunningApp> {
  // The links in mails need the port, and so it listens before there is an app.
  let listener: RequestListener = (_req, res) => {
    res.writeHead(503, { 'Retry-After': '1' }).end();
  };
  const server = createServer((req, res) => {
    listener(req, res);
  });
  const baseUrl = await listen(server, options);
  let data: Data | undefined;
  let auth: Auth | undefined;
  try {
    const nowMs = (): number => options.clock?.nowMs() ?? Date.now();
    const opened = openData(options.dataFolder, nowMs);
    data = opened;
    const context = { data: opened, mails: openMailFolder(join(options.dataFolder, 'mails')), sessions: createSessions(nowMs), baseUrl, breachUrl: options.breachUrl, clock: options.clock, onAlarm: options.onAlarm };
    const running = await (await createAuthOf(options.unprotected))(context);
    auth = running;
    await plantSeed(options.seed, { data: opened, auth: running, fast: options.fastSeed });
    for (const email of options.operators ?? []) if (!opened.users.makeOperator(email)) throw new Error(`--operator: there is no account ${email}`);
    const app = await createApp(running, context);
    listener = app.listener;
    return {
      url: baseUrl,
      context,
      ...(running.mode === 'protected' && { portcullis: running.portcullis, live: running.live }),
      async close() {
        running.endStreams?.();
        await stop(server);
        await app.close?.();
        await running.close();
        opened.close();
      },
    };
  } catch (error) {
    await stop(server);
    // Else its threads would keep the process alive.
    await auth?.close();
    data?.close();
    throw error;
  }
}

/** The one module in which the two modes differ; the other one is not loaded. */
async function createAuthOf(unprotected: boolean): Promise<(context: AuthContext) => Promise<Auth>> {
  const { createAuth } = unprotected ? await import('./unprotected-auth.ts') : await import('./protected-auth.ts');
  return createAuth;
}

function listen(server: Server, { host, port }: StartOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new Error(`port ${port} is taken: end what runs there, or choose another with --port`, { cause: error }) : error);
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      const { port: taken } = server.address() as AddressInfo;
      resolve(`http://${urlHost(host)}:${taken}`);
    });
  });
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

/** Takes no new requests, lets those that run end, and cuts what still hangs after two seconds. */
async function stop(server: Server): Promise<void> {
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, 2_000);
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeIdleConnections();
  });
  clearTimeout(cut);
}
