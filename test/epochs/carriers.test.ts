import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createSessionEpochs } from 'portcullis/epochs';
import type { EpochMark } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory/index.ts';

const accountId = 'user-1';
const secret = randomBytes(32);

/** What keeps a session: gives out a text, and makes a mark of it again. */
interface Carrier {
  readonly give: (mark: EpochMark) => string;
  readonly take: (text: string) => unknown;
}

function signed(text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url');
}

function opened(text: string, signature: string): boolean {
  return timingSafeEqual(Buffer.from(signature), Buffer.from(signed(text)));
}

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const unbase64 = (text = ''): unknown => JSON.parse(Buffer.from(text, 'base64url').toString());
const table = new Map<string, string>();

const carriers: Readonly<Record<string, Carrier>> = {
  // As express-session keeps it, and @fastify/session: JSON in a store.
  'a session in a store': {
    give: (mark) => {
      table.set('session', JSON.stringify({ cookie: { path: '/' }, facts: { accountId, epochs: mark } }));
      return 'session';
    },
    take: (id) => (JSON.parse(table.get(id) ?? '') as { readonly facts: { readonly epochs: unknown } }).facts.epochs,
  },
  'a signed cookie': {
    give: (mark) => `${base64({ accountId, epochs: mark })}.${signed(base64({ accountId, epochs: mark }))}`,
    take: (cookie) => {
      const [body = '', signature = ''] = cookie.split('.');
      return opened(body, signature) ? (unbase64(body) as { readonly epochs: unknown }).epochs : undefined;
    },
  },
  // RFC 7519, HS256.
  'a JWT': {
    give: (mark) => {
      const body = `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64({ sub: accountId, epochs: mark })}`;
      return `${body}.${signed(body)}`;
    },
    take: (token) => {
      const [header = '', claims = '', signature = ''] = token.split('.');
      return opened(`${header}.${claims}`, signature) ? (unbase64(claims) as { readonly epochs: unknown }).epochs : undefined;
    },
  },
  'a row of API keys': {
    give: (mark) => {
      table.set('key', JSON.stringify(mark));
      return 'key';
    },
    take: (key) => JSON.parse(table.get(key) ?? '') as unknown,
  },
};

// ASVS 5.0 7.4.1, 7.4.5
describe.each(Object.entries(carriers))('%s', (_name, { give, take }) => {
  it('ends with the sessions of everybody, of its organization and of its account, and not with those of others', async () => {
    const clock = fakeClock();
    const epochs = createSessionEpochs({ records: memoryStore({ clock }), clock, maxStaleMs: 0 });
    const who = { accountId, organizationIds: ['team-1'] };
    const check = async (text: string): Promise<boolean> => (await epochs.check({ ...who, mark: take(text) })).live;
    const raises: readonly (() => Promise<void>)[] = [
      () => epochs.revokeEveryone({ by: 'operator-1' }),
      () => epochs.revokeOrganization({ id: 'team-1', by: 'operator-1' }),
      () => epochs.revokeUser({ accountId, by: 'operator-1' }),
    ];
    for (const raise of raises) {
      const held = give(await epochs.mark(who));
      await epochs.revokeOrganization({ id: 'team-2', by: 'operator-1' });
      await epochs.revokeUser({ accountId: 'user-2', by: 'operator-1' });
      expect(await check(held)).toBe(true);
      await raise();
      expect(await check(held)).toBe(false);
    }
    epochs.close();
  });
});
