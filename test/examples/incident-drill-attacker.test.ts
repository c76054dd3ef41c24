import { describe, expect, it } from 'vitest';
import { createBotnet } from '../../examples/incident-drill/attack/botnet.ts';
import { tryPair } from '../../examples/incident-drill/attack/stuffing.ts';
import { createRandom } from '../../examples/incident-drill/random.ts';
import { codeAt, createAuthenticator } from '../../examples/incident-drill/second-factor/authenticator.ts';
import { behindTheDoor, factorChanges, nameOf } from '../../examples/incident-drill/second-factor/routes.ts';
import { robAccount } from '../../examples/incident-drill/second-factor/thief.ts';
import { checkSources } from '../../examples/incident-drill/sources.ts';
import { makePlan } from '../../examples/incident-drill/plan.ts';
import { createBrowser, type Exchange, type Network, type WireRequest } from '../../examples/incident-drill/wire.ts';

const sources = ['127.1.0.1', '127.1.0.2', '127.1.0.3'];
const { signal } = new AbortController();

function answer(status: number, { body = '{}', headers = {}, cookies = [] }: Partial<Exchange> = {}): Exchange {
  return { status, headers, body, ms: 1, cookies };
}

/** An app that is a function, and who it heard from. */
function appOf(app: (source: string, request: WireRequest) => Exchange): { readonly network: Network; readonly heard: string[] } {
  const heard: string[] = [];
  const network: Network = {
    send: async (source, request) => {
      heard.push(source);
      return app(source, request);
    },
    close: async () => undefined,
  };
  return { network, heard };
}

describe('the attacker', () => {
  it('takes its sources in turn', async () => {
    const { network, heard } = appOf(() => answer(200));
    const { send } = createBotnet({ network, sources, signal });
    for (let times = 0; times < 4; times += 1) await send({ path: '/' });
    expect(heard).toEqual([...sources, sources[0]]);
  });

  it('goes on from another source where one is refused, and lets that one rest', async () => {
    const { network, heard } = appOf((source) => (source === sources[0] ? answer(429, { headers: { 'retry-after': '30' } }) : answer(200)));
    const { send, counts } = createBotnet({ network, sources, signal });
    for (let times = 0; times < 3; times += 1) expect((await send({ path: '/' })).status).toBe(200);
    expect(heard).toEqual([sources[0], sources[1], sources[2], sources[1]]);
    expect(counts).toEqual({ requests: 4, refusals: 1 });
  });

  it('gives up for now where it is the account that is refused for long', async () => {
    const { network, heard } = appOf(() => answer(429, { headers: { 'retry-after': '3600' } }));
    expect((await createBotnet({ network, sources, signal }).send({ path: '/' })).status).toBe(429);
    expect(heard).toHaveLength(2);
  });

  it('waits as long as a busy app asks', async () => {
    let busy = 2;
    const { network, heard } = appOf(() => (busy-- > 0 ? answer(503, { headers: { 'retry-after': '0' } }) : answer(200)));
    const { send, sendFrom } = createBotnet({ network, sources, signal });
    expect((await send({ path: '/' })).status).toBe(200);
    busy = 1;
    expect((await sendFrom('127.9.9.9', { path: '/' })).status).toBe(200);
    expect(heard.slice(-2)).toEqual(['127.9.9.9', '127.9.9.9']);
  });

  it('has entered an account only once its session has read the contacts', async () => {
    const pair = { email: 'a@list.example', password: 'x', listed: true, registered: true };
    const session = (request: WireRequest): Exchange => (request.path === '/login' ? answer(200, { cookies: ['sid=1'] }) : answer(request.cookie === 'sid=1' ? 200 : 401, { body: '{"contacts":[]}' }));
    expect(await tryPair(pair, async (request) => session(request))).toMatchObject({ kind: 'entered', session: { email: pair.email } });
    expect(await tryPair(pair, async ({ path }) => answer(path === '/login' ? 200 : 401))).toEqual({ kind: 'denied' });
    expect(await tryPair(pair, async () => answer(401))).toEqual({ kind: 'denied' });
    expect(await tryPair(pair, async () => answer(429))).toEqual({ kind: 'refused' });
  });
});

describe('a right password that is not enough', () => {
  const pair = { email: 'a@list.example', password: 'x', listed: false, registered: true };
  const problem = (name: string): Exchange => answer(403, { body: JSON.stringify({ type: `urn:portcullis:${name}` }) });

  it('is held on to, where a code is asked for and where only a factor may be set up', async () => {
    expect(await tryPair(pair, async () => problem('mfa-required'))).toMatchObject({ kind: 'stopped', half: { email: pair.email, stage: 'pending' } });
    expect(await tryPair(pair, async ({ path }) => (path === '/login' ? answer(200) : problem('mfa-enrollment-required')))).toMatchObject({ kind: 'stopped', half: { stage: 'enroll-only' } });
  });

  function rob(app: (request: WireRequest) => Exchange) {
    const send = async (request: WireRequest): Promise<Exchange> => app(request);
    const half = { email: pair.email, browser: createBrowser(send), stage: 'pending' } as const;
    return robAccount(half, { pair, send, random: createRandom(1, 'thief'), watchOwner: async () => '123456' });
  }

  it('takes whatever a careless app opens, and all of it is taken down', async () => {
    const secret = JSON.stringify({ factorId: 'f', secret: 'GEZD GNBV GY3T QOJQ', contacts: [] });
    const theft = await rob(({ path }) => (path === '/login' ? problem('mfa-required') : answer(200, { body: secret })));
    expect(theft).toMatchObject({ enrolled: true, factorChanged: true, credentialsChanged: true, codesSent: 2 + 4 * 9, codesHeard: 2 + 4 * 9 });
    expect(theft.sessions).toHaveLength(2 + 4 * 9 + 1);
    expect(new Set(theft.opened)).toEqual(new Set([...behindTheDoor, ...factorChanges('x')].map(nameOf).concat('a forged link', 'POST /account/security/enroll', 'POST /account/password', 'POST /account/email', 'POST /login/code', 'POST /reset')));
  });

  it('gets nothing where every door says no, and goes on until it is not heard any more', async () => {
    let heard = 10;
    const theft = await rob(({ path }) => {
      if (path === '/login') return problem('mfa-required');
      if (path !== '/login/code') return answer(403);
      heard -= 1;
      return answer(heard < 0 ? 429 : 401);
    });
    expect(theft).toMatchObject({ opened: [], sessions: [], enrolled: false, factorChanged: false, credentialsChanged: false, codesSent: 2 + 2 * 9, codesHeard: 10 });
  });
});

describe('an authenticator of the drill', () => {
  it('agrees with RFC 6238 Appendix B', () => {
    const secret = Buffer.from('12345678901234567890');
    const codes = [59, 1_111_111_109, 1_111_111_111, 1_234_567_890, 2_000_000_000, 20_000_000_000].map((seconds) => codeAt(secret, Math.floor(seconds / 30)));
    expect(codes).toEqual(['287082', '081804', '050471', '005924', '279037', '353130']);
  });

  it('shows no code twice', async () => {
    let atMs = 59_000_000 * 30_000 + 1_000;
    const wait = async (ms: number): Promise<void> => {
      atMs += ms;
    };
    const { next } = createAuthenticator('GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ', { nowMs: () => atMs, wait });
    const secret = Buffer.from('12345678901234567890');
    expect([await next(), await next(), await next()]).toEqual([58_999_999, 59_000_000, 59_000_001].map((step) => codeAt(secret, step)));
    expect(atMs).toBe(59_000_001 * 30_000);
  });
});

describe('the check of the sources', () => {
  const plan = makePlan(1, { victims: 4, strangers: 4, calibration: 2, ordinary: 2, contactsPerTeam: 1, sources: 5 });

  it('passes where the app sees each client as it is', async () => {
    const { network, heard } = appOf((source) => answer(200, { body: JSON.stringify({ address: source }) }));
    await checkSources(network, plan);
    expect(heard).toHaveLength(2 + 5 + 1 + plan.owners.length + plan.administrators.length);
  });

  it('ends the drill where the app sees all of them as one', async () => {
    const { network } = appOf(() => answer(200, { body: '{"address":"127.0.0.1"}' }));
    await expect(checkSources(network, plan)).rejects.toThrow(/requests from 127\.\S+ reach the app as 127\.0\.0\.1: each client needs an address of its own/);
  });
});
