import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import express5 from 'express';
import { MemoryStore } from 'express-session';
import { createPortcullis, type Mail, type Portcullis, type PortcullisOptions, type SecurityEvent } from 'portcullis';
import type { AddressedRequest } from 'portcullis/client-address';
import type { ExpressDoorsOptions, LimitRequestsOptions, ReadOnlyRouteOptions } from 'portcullis/express';
import type { Limiter } from 'portcullis/limiter';
import type { ReadOnlyMode } from 'portcullis/read-only';
import { keyRing, memoryTable, swiftEngine, type Kit } from '../support/kit.ts';
import { expressOf } from './express-app.ts';
import { fastifyFramework } from './fastify-app.ts';

/** How a hook answers, in words of no framework. */
export interface Say {
  text(res: unknown, body: string): void;
  redirect(res: unknown, url: string): void;
}

export interface AppOptions extends Partial<PortcullisOptions> {
  /** Whether the app trusts the proxy before it. Default: no. */
  readonly trustsProxy?: boolean;
  /** Whether forms are read. Default: yes. */
  readonly parses?: boolean;
  readonly hooks?: (say: Say) => Partial<ExpressDoorsOptions>;
}

/** An app with every door. */
export interface RunningApp {
  readonly portcullis: Portcullis;
  readonly url: string;
  readonly events: SecurityEvent[];
  readonly mails: Mail[];
  readonly table: Kit['table'];
  readonly store: MemoryStore;
  /** What has come to the app's error handler. */
  readonly failures: unknown[];
  /** Sends a form or JSON; keeps no cookie but the one given. */
  send(path: string, init?: { readonly method?: string; readonly form?: Record<string, string>; readonly json?: unknown; readonly headers?: Record<string, string> }): Promise<Response>;
  drain(): Promise<number>;
  close(): Promise<void>;
}

export interface LimitSetup {
  readonly limiter: Limiter<'address'>;
  readonly keys: LimitRequestsOptions<'address'>['keys'];
  readonly address?: (req: AddressedRequest) => string | undefined;
  /** Something before the limit has answered already. */
  readonly answered?: boolean;
}

export interface ReadOnlySetup {
  readonly mode: ReadOnlyMode;
  readonly guard: ReadOnlyRouteOptions;
  /** What something before the guard makes of an address. */
  readonly rewrite?: (url: string) => string;
  readonly answered?: boolean;
  /** Stands a second time behind the parsers. */
  readonly byBodyToo?: boolean;
}

/** A server that is closed when its test is over. Of everything, answers the address. */
export interface Framework {
  startApp(options?: AppOptions): Promise<RunningApp>;
  startLimited(setup: LimitSetup): Promise<string>;
  /** An app that answers whatever comes through, and an import behind `POST /import` that asks whether it may write. */
  startReadOnly(setup: ReadOnlySetup): Promise<string>;
  /** Routes that are exempt and sensitive, each with its header `x-route`. `strict`: how the router takes addresses. */
  startRoutes(setup: { readonly mode: ReadOnlyMode; readonly strict: boolean; readonly guard: ReadOnlyRouteOptions }): Promise<string>;
}

/** The fourth version has no types of its own here; what the tests use is the same. */
const express4 = createRequire(import.meta.url)('express4') as typeof express5;

export const frameworks: readonly (readonly [string, Framework])[] = [
  ['Express 4', expressOf(express4)],
  ['Express 5', expressOf(express5)],
  ['Fastify', fastifyFramework],
];

/** What every app of the tests is made of: a quick floor and a cheap hash, so that tests need not wait. */
export function appParts(own: Partial<PortcullisOptions>) {
  const table = memoryTable();
  const events: SecurityEvent[] = [];
  const mails: Mail[] = [];
  const portcullis = createPortcullis({
    keys: keyRing,
    baseUrl: 'http://127.0.0.1',
    accounts: table,
    mailer: { send: async (mail) => void mails.push(mail) },
    hasher: { engine: swiftEngine() },
    password: { minStrength: 0 },
    breach: { sources: [{ name: 'none', check: async () => ({ verdict: 'clean' }) }] },
    uniform: { quantumMs: 10 },
    onEvent: (event) => events.push(event),
    reportError: () => undefined,
    ...own,
  });
  return { table, events, mails, portcullis, store: new MemoryStore(), failures: [] as unknown[] };
}

/** Ends the sessions of an account in the store of the tests. */
export async function endSessionsIn(store: MemoryStore, { accountId, which }: { readonly accountId: string; readonly which: 'all-sessions' | 'other-sessions' }, current: string): Promise<void> {
  const all = await new Promise<Record<string, unknown>>((resolve) => {
    store.all((_error, sessions) => {
      resolve(sessions ?? {});
    });
  });
  for (const [id, data] of Object.entries(all)) {
    if ((data as { readonly accountId?: string }).accountId === accountId && (which === 'all-sessions' || id !== current)) store.destroy(id);
  }
}

/** The app of the parts, at an address. */
export function runningApp(parts: ReturnType<typeof appParts>, url: string, close: () => Promise<unknown>): RunningApp {
  return {
    ...parts,
    url,
    send: (path, { method = 'POST', form, json, headers = {} } = {}) =>
      fetch(url + path, {
        method,
        redirect: 'manual',
        headers: { 'accept': 'application/json', ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(form !== undefined && { body: new URLSearchParams(form) }),
        ...(json !== undefined && { body: JSON.stringify(json) }),
      }),
    drain: () => parts.portcullis.uniform.drain(5_000),
    async close() {
      await parts.portcullis.close();
      await close();
    },
  };
}

export function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export function listening(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      resolve(addressOf(server));
    });
  });
}

/** The cookies that an answer sets, as a Cookie header. */
export function cookieOf(response: Response): string {
  return response.headers.getSetCookie().map((line) => line.split(';')[0] ?? '').join('; ');
}
