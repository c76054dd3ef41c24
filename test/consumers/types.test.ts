import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { installTarball, type Consumer } from '../support/packed.ts';
import { root } from '../support/source-tree.ts';

const usesEverySubpath = `
import express from 'express';
import fastify from 'fastify';
import { ConfigError, createKeyRing, createPortcullis, memoryStore, type Accounts, type CounterStore, type Mailer } from 'portcullis';
import { createAuditLog } from 'portcullis/audit';
import { commonList } from 'portcullis/breach';
import { expressDoors, limitRequests } from 'portcullis/express';
import { limitRequests as limitHook, portcullisPlugin, readOnlyGuard, type FastifyDoors } from 'portcullis/fastify';
import { createHasher } from 'portcullis/hasher';
import { createLimiter, type Limiter } from 'portcullis/limiter';
import { createPasswordPolicy, type PasswordVerdict } from 'portcullis/password';
import { fakeClock } from 'portcullis/testing';
import { createUniformReplies } from 'portcullis/uniform';

export const pieces = [createAuditLog, createHasher, createUniformReplies, ConfigError];
const store: CounterStore = memoryStore({ clock: fakeClock() });
export const limiter: Limiter<'address'> = createLimiter({ name: 'x', rules: { address: { limit: 1, windowMs: 1000 } }, store });
const app = express();
app.use(limitRequests({ limiter, keys: ({ address }) => ({ address }) }));
export function signIn(accounts: Accounts, mailer: Mailer): void {
  const keys = createKeyRing({ keys: [{ id: 'k1', secret: new Uint8Array(32) }] });
  const portcullis = createPortcullis({ keys, baseUrl: 'https://app.example.com', accounts, mailer });
  const doors = expressDoors(portcullis, {
    sessionOf: () => undefined,
    remember: () => undefined,
    endSessions: () => undefined,
    onSignedIn: (_req, res, { accountId }) => { res.send(accountId); },
  });
  app.post('/login', express.urlencoded({ extended: false }), doors.signIn);
  const server = fastify();
  server.addHook('onRequest', limitHook({ limiter, keys: ({ address }) => ({ address }) }));
  server.addHook('onRequest', readOnlyGuard(portcullis.readOnly, { labelOf: ({ url }) => (url === '/x' ? 'sensitive' : undefined) }));
  void server.register(portcullisPlugin, { portcullis, sessionOf: () => undefined, remember: () => undefined, endSessions: () => undefined, onSignedIn: (_request, reply, { accountId }) => reply.send(accountId) });
  void server.register(async (scope) => {
    const own: FastifyDoors = scope.portcullis.doors;
    scope.post('/login', own.signIn);
    scope.post<{ Body: { readonly id: string } }>('/x', { preHandler: [own.guard({ action: 'x' }), limitHook({ limiter, keys: (_client, request) => ({ address: request.url }) })] }, async ({ body }) => body.id);
    scope.get('/origin', async () => scope.portcullis.origin);
    // @ts-expect-error no such door
    scope.portcullis.doors.signin;
  });
  // @ts-expect-error who asks is asked by \`sessionOf\`
  void server.register(portcullisPlugin, { portcullis });
}
export async function verdict(): Promise<PasswordVerdict> {
  return createPasswordPolicy({ commonList: commonList() }).check({ password: 'x' });
}
// @ts-expect-error a rule has a window
createLimiter({ name: 'x', rules: { address: { limit: 1 } }, store });
// @ts-expect-error no rule is called "account"
void limiter.take({ account: 'x' });
`;

let consumer: Consumer;

beforeAll(() => {
  consumer = installTarball(inject('tarball'));
  for (const file of ['esm.mts', 'cjs.cts', 'bundled.ts']) consumer.write(file, usesEverySubpath);
});

afterAll(() => { consumer.remove(); });

const modes = [
  { resolution: 'nodenext', module: 'nodenext', files: ['esm.mts', 'cjs.cts'] },
  { resolution: 'node16', module: 'node16', files: ['esm.mts', 'cjs.cts'] },
  { resolution: 'bundler', module: 'esnext', files: ['bundled.ts'] },
];

/** What the compiler prints: nothing when all is well. */
function compile(compiler: string, flags: readonly string[]): string {
  try {
    return consumer.node(join(root, 'node_modules', compiler, 'bin/tsc'), '--ignoreConfig', '--noEmit', '--strict', '--target', 'es2023', '--types', 'node', '--esModuleInterop', ...flags);
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout);
  }
}

describe.each(['typescript', 'typescript7'])('the types of the package, read by %s', (compiler) => {
  it.each(modes)('fit a project with moduleResolution $resolution', ({ resolution, module, files }) => {
    expect(compile(compiler, ['--skipLibCheck', 'false', '--module', module, '--moduleResolution', resolution, ...files])).toBe('');
  });
});
