import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch, type Response } from 'undici';
import { vi } from 'vitest';
import type { StoredMail } from '../../examples/shared/mail-folder.ts';
import { startApp as startExpress } from '../../examples/express-app/start.ts';
import { startApp as startFastify } from '../../examples/fastify-app/start.ts';
import type { RunningApp, StartOptions } from '../../examples/shared/start.ts';

type StartApp = (options: StartOptions) => Promise<RunningApp>;

/** The same product, once on each framework. */
export const exampleApps: readonly (readonly [framework: string, start: StartApp])[] = [
  ['Express', startExpress],
  ['Fastify', startFastify],
];

/** An app on a free port with data of its own. `close` removes both. */
export async function startExample(startApp: StartApp, options: Partial<StartOptions> & Pick<StartOptions, 'unprotected'>): Promise<RunningApp> {
  const { dataFolder = mkdtempSync(join(tmpdir(), 'larkpost-')) } = options;
  const app = await startApp({ host: '127.0.0.1', port: 0, seed: { teams: [] }, fastSeed: true, ...options, dataFolder });
  return {
    ...app,
    async close() {
      await app.close();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

/** What came back: pages as text, JSON read. */
export interface Answered {
  readonly status: number;
  readonly headers: Response['headers'];
  readonly text: string;
  readonly json: unknown;
}

/** A browser, or a program where `accept` is JSON: keeps its cookies, follows no redirect. */
export interface Client {
  get(path: string): Promise<Answered>;
  /** Sends a form, as a browser does. */
  post(path: string, fields: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<Answered>;
  /** Sends any JSON. */
  postJson(path: string, body: unknown): Promise<Answered>;
  /** Sends what claims to be JSON. */
  postRaw(path: string, body: string): Promise<Answered>;
  /** What it would send as its `Cookie`. */
  cookie(): string;
}

export function clientOf(app: RunningApp, accept: 'application/json' | 'text/html' = 'application/json', localAddress = '127.0.0.1'): Client {
  const dispatcher = new Agent({ localAddress, keepAliveTimeout: 10 });
  const jar = new Map<string, string>();

  const cookieOf = (): string => [...jar].map(([name, value]) => `${name}=${value}`).join('; ');

  async function send(path: string, init: { method: string; headers?: Record<string, string>; body?: string }): Promise<Answered> {
    const cookie = cookieOf();
    const headers = { accept, ...(cookie !== '' && { cookie }), ...init.headers };
    const response = await fetch(app.url + path, { ...init, headers, redirect: 'manual', dispatcher });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/; Max-Age=0(;|$)/.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
  }

  const postRaw = (path: string, body: string): Promise<Answered> => send(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return {
    postRaw,
    cookie: cookieOf,
    get: (path) => send(path, { method: 'GET' }),
    post: (path, fields, headers = {}) => send(path, { method: 'POST', headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fields).toString() }),
    postJson: (path, body) => postRaw(path, JSON.stringify(body)),
  };
}

/** The newest mail of a kind to somebody, once it is there: the protected app mails after its answer. */
export async function mailSent(app: RunningApp, to: string, kind: StoredMail['kind']): Promise<StoredMail> {
  return vi.waitFor(() => mailTo(app, to, kind), { timeout: 5_000, interval: 10 });
}

/** The newest mail of a kind to somebody. */
export function mailTo(app: RunningApp, to: string, kind: StoredMail['kind']): StoredMail {
  const mail = app.context.mails.list(to).find((candidate) => candidate.kind === kind);
  if (mail === undefined) throw new Error(`no mail "${kind}" to ${to}`);
  return mail;
}

/** The token in a mail's link, from its query or its fragment. */
export function tokenIn(mail: StoredMail): string {
  const link = new URL(mail.link ?? '');
  return link.searchParams.get('token') ?? new URLSearchParams(link.hash.slice(1)).get('token') ?? '';
}
