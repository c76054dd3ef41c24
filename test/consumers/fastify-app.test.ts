import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { installTarball, type Consumer } from '../support/packed.ts';

/** An app of a few lines, asked over a socket: its limit by address, and a door of the plugin. */
const app = `
const limiter = createLimiter({ name: 'api', rules: { address: { limit: 3, windowMs: 60_000 } }, store: memoryStore() });
const portcullis = createPortcullis({
  keys: createKeyRing({ keys: [{ id: 'k1', secret: Uint8Array.from({ length: 32 }, (_, at) => at * 7 + 1) }] }),
  baseUrl: 'https://app.example.com',
  accounts: { findByIdentifier: async () => undefined, findById: async () => undefined, create: async () => undefined, replacePasswordHash: async () => false, setBreachRecheck: async () => undefined, setSecondFactor: async () => undefined },
  mailer: { send: async () => undefined },
  readOnly: false,
});
(async () => {
  const app = fastify();
  app.addHook('onRequest', limitRequests({ limiter, keys: ({ address }) => ({ address }) }));
  app.register(portcullisPlugin, { portcullis, sessionOf: () => undefined, remember: () => undefined, endSessions: () => undefined, onSignedIn: () => 'in' });
  app.register(async (scope) => { scope.post('/logout', scope.portcullis.doors.signOut); });
  app.get('/', async () => 'hello');
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const statuses = [(await fetch(url)).status, (await fetch(url + '/logout', { method: 'POST' })).status, (await fetch(url + '/logout', { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } })).status, (await fetch(url)).status];
  console.log(JSON.stringify(statuses));
  await app.close();
  await portcullis.close();
})();`;

const names = ['{ createKeyRing, createPortcullis, memoryStore }', '{ createLimiter }', '{ limitRequests, portcullisPlugin }'] as const;
const doors = ['portcullis', 'portcullis/limiter', 'portcullis/fastify'] as const;

let consumer: Consumer;

beforeAll(() => { consumer = installTarball(inject('tarball')); });
afterAll(() => { consumer.remove(); });

describe('an app on Fastify with the packed package', () => {
  it('has its limits and doors from an ES module', () => {
    const lines = ["import fastify from 'fastify';", ...doors.map((door, index) => `import ${names[index] ?? ''} from '${door}';`)];
    consumer.write('app.mjs', lines.join('\n') + app);
    expect(JSON.parse(consumer.node('app.mjs'))).toEqual([200, 204, 403, 429]);
  });

  it('has its limits and doors from a CommonJS script', () => {
    const lines = ["const fastify = require('fastify');", ...doors.map((door, index) => `const ${names[index] ?? ''} = require('${door}');`)];
    consumer.write('app.cjs', lines.join('\n') + app);
    expect(JSON.parse(consumer.node('app.cjs'))).toEqual([200, 204, 403, 429]);
  });
});
