import { describe, expect, it } from 'vitest';
import { createBotnet } from '../../examples/incident-drill/attack/botnet.ts';
import { tryPair } from '../../examples/incident-drill/attack/stuffing.ts';
import { checkSources } from '../../examples/incident-drill/sources.ts';
import { makePlan } from '../../examples/incident-drill/plan.ts';
import type { Exchange, Network, WireRequest } from '../../examples/incident-drill/wire.ts';

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

describe('the check of the sources', () => {
  const plan = makePlan(1, { victims: 4, strangers: 4, calibration: 2, ordinary: 2, contactsPerTeam: 1, sources: 5 });

  it('passes where the app sees each client as it is', async () => {
    const { network, heard } = appOf((source) => answer(200, { body: JSON.stringify({ address: source }) }));
    await checkSources(network, plan);
    expect(heard).toHaveLength(8);
  });

  it('ends the drill where the app sees all of them as one', async () => {
    const { network } = appOf(() => answer(200, { body: '{"address":"127.0.0.1"}' }));
    await expect(checkSources(network, plan)).rejects.toThrow(/requests from 127\.\S+ reach the app as 127\.0\.0\.1: each client needs an address of its own/);
  });
});
