import { get, type IncomingMessage } from 'node:http';
import { expect } from 'vitest';
import type { RunningApp } from '../../examples/shared/start.ts';
import { nextCode, type AheadClock } from '../support/ahead-clock.ts';
import { clientOf, mailSent, tokenIn, type Client } from './app-client.ts';

export const password = 'herons over quiet Malmo';
export const ops = 'ops@larkpost.example';

const person = (name: string) => ({ email: `${name}@seed.example`, name, password });

export const liveSeed = {
  teams: [
    { name: 'Seeded', users: ['ada', 'bea', 'cleo'].map(person), contacts: [] },
    { name: 'Operations', users: [{ email: ops, name: 'Olu', password, operator: true }], contacts: [] },
  ],
};

/** Signs operators in, each with a new code of one authenticator. */
export function operatorsOf(app: RunningApp, clock: AheadClock) {
  let secret = '';
  let host = 0;

  function client(accept: 'application/json' | 'text/html'): Client {
    host += 1;
    return clientOf(app, accept, `127.7.0.${host}`);
  }

  async function enroll(): Promise<void> {
    const first = client('application/json');
    await first.post('/operator/login', { email: ops, password });
    await first.post('/account/security/enroll', { factorName: 'phone' });
    await first.post('/challenge', { token: tokenIn(await mailSent(app, ops, 'challenge')) });
    const begun = (await first.post('/account/security/enroll', { factorName: 'phone' })).json as { readonly secret: string; readonly factorId: string };
    secret = begun.secret;
    expect((await first.post('/account/security/confirm', { factorId: begun.factorId, code: nextCode(clock, secret) })).status).toBe(200);
  }

  return {
    nextCode: () => nextCode(clock, secret),
    client,
    async signIn(accept: 'application/json' | 'text/html' = 'application/json'): Promise<Client> {
      if (secret === '') await enroll();
      const operator = client(accept);
      await operator.post('/operator/login', { email: ops, password });
      expect((await operator.post('/login/code', { code: nextCode(clock, secret) })).status).toBe(accept === 'text/html' ? 303 : 200);
      return operator;
    },
  };
}

/** Tries names with wrong passwords from one address, one after the other; and after the second one, before that stands out, a right password. */
export async function attack(app: RunningApp, { address, names, entered }: { readonly address: string; readonly names: readonly string[]; readonly entered?: string }): Promise<void> {
  for (const [at, name] of names.entries()) {
    if (at === 2 && entered !== undefined) expect((await clientOf(app, 'application/json', address).post('/login', { email: entered, password })).status).toBe(200);
    await clientOf(app, 'application/json', address).post('/login', { email: name, password: 'not the right one' });
  }
}

/** One event of a stream. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

export interface OpenStream {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** What came so far, as it came. */
  readonly text: () => string;
  readonly events: () => readonly StreamEvent[];
  /** Resolves once the other side has ended it. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Opens the stream of the live page as a browser does, from an address of its own. */
export function openStream(app: RunningApp, { cookie, address = '127.7.1.1', headers = {} }: { readonly cookie: string; readonly address?: string; readonly headers?: Readonly<Record<string, string>> }): Promise<OpenStream> {
  return new Promise((resolve, reject) => {
    const request = get(`${app.url}/operator/live/stream`, { localAddress: address, agent: false, headers: { accept: 'text/event-stream', cookie, ...headers } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => { text += part; });
      const ended = new Promise<void>((done) => { answer.once('close', done); });
      answer.on('error', () => undefined);
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: () => text, events: () => eventsIn(text), ended, close: () => { request.destroy(); } });
    });
    request.once('error', reject);
  });
}

function eventsIn(text: string): readonly StreamEvent[] {
  return text.split('\n\n').slice(0, -1).map((block) => {
    const field = (name: string): string => block.split('\n').find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
    return { event: field('event'), data: field('data') };
  });
}
