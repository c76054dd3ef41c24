import { get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import express from 'express';
import fastify from 'fastify';
import { describe, expect, it, vi } from 'vitest';
import { sessionMiddleware } from '../../examples/express-app/sessions.ts';
import { page as expressPage } from '../../examples/express-app/visit.ts';
import { addSessions } from '../../examples/fastify-app/sessions.ts';
import { page as fastifyPage } from '../../examples/fastify-app/visit.ts';
import { createSessions, type Sessions } from '../../examples/shared/sessions.ts';
import type { Page } from '../../examples/shared/visit.ts';

/** An app with one page, on a free port. */
type Start = (sessions: Sessions, page: Page) => Promise<{ readonly port: number; close(): Promise<unknown> }>;

const startExpress: Start = async (sessions, page) => {
  const app = express().use(sessionMiddleware(sessions)).get('/', expressPage(page));
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => { resolve(listening); });
  });
  return { port: (server.address() as AddressInfo).port, close: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }) };
};

const startFastify: Start = async (sessions, page) => {
  const app = fastify({ forceCloseConnections: true });
  addSessions(app, sessions);
  app.get('/', fastifyPage(page));
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
};

describe.each([['Express', startExpress], ['Fastify', startFastify]])('an answer that goes on, on %s', (_framework, start) => {
  function streamOf(): Readable {
    const stream = new Readable({ read: () => undefined });
    stream.push('begun');
    return stream;
  }

  // ASVS 5.0 7.4.1
  it('does not bring back at its end the session of its beginning', async () => {
    const sessions = createSessions();
    const stream = streamOf();
    const app = await start(sessions, (visit) => {
      visit.keepInSession({ userId: 'u', handle: 'h' });
      return { stream, type: 'text/plain' };
    });
    const text = await new Promise<string>((resolve, reject) => {
      get({ port: app.port, host: '127.0.0.1', agent: false }, (answer) => {
        let got = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          got += part;
          if (got !== 'begun') return;
          expect(sessions.list('u')).toHaveLength(1);
          sessions.endOthers('u');
          stream.push(', ended');
          stream.push(null);
        }).on('end', () => { resolve(got); });
      }).once('error', reject);
    });
    expect([text, sessions.list('u')]).toEqual(['begun, ended', []]);
    await app.close();
  });

  it('ends where nobody listens any more', async () => {
    const stream = streamOf();
    const app = await start(createSessions(), () => ({ stream, type: 'text/plain' }));
    const request = get({ port: app.port, host: '127.0.0.1', agent: false }, (answer) => {
      answer.once('data', () => { request.destroy(); }).on('error', () => undefined);
    }).on('error', () => undefined);
    await vi.waitFor(() => { expect(stream.destroyed).toBe(true); }, { timeout: 10_000, interval: 20 });
    await app.close();
  });
});
