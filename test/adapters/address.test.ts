import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { memoryStore } from 'portcullis';
import { clientAddress, type AddressedRequest } from 'portcullis/client-address';
import { requestFacts, type LimitRequestsOptions } from 'portcullis/express';
import { requestFacts as requestFactsOfFastify } from 'portcullis/fastify';
import { createLimiter } from 'portcullis/limiter';
import { frameworks, type RunningApp } from './frameworks.ts';

const client = '203.0.113.7';
const other = '203.0.113.8';
const forged = '198.51.100.66';
const behindProxy = clientAddress({ trusted: ['127.0.0.0/8'] });
const behindNobody = clientAddress({ trusted: ['10.0.0.0/8'] });

/** What an own function may answer, or do, in place of an address. */
const odd: readonly (readonly [string, () => unknown])[] = [
  ['throws', () => { throw new Error(forged); }],
  ['throws nothing', () => { throw undefined as unknown as Error; }],
  ['answers null', () => null],
  ['answers a number', () => 5],
  ['answers a name', () => 'localhost'],
  ['answers a list of addresses', () => `${forged}, ${client}`],
  ['answers ten megabytes', () => '1'.repeat(10_000_000)],
  ['answers an object', () => ({ toString: () => client })],
  ['answers a promise', async () => client],
  ['answers a promise that fails', async () => { throw new Error(forged); }],
];

function warnings() {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  onTestFinished(() => { warn.mockRestore(); });
  return () => warn.mock.calls.filter(([, options]) => (options as { readonly code?: string } | undefined)?.code === 'PORTCULLIS_ADDRESS_OPTION').map(([text]) => String(text));
}

// ASVS 5.0 4.1.3
describe.each(frameworks)('the option address on %s', (_name, framework) => {
  function limited(address?: (req: AddressedRequest) => string | undefined, seen: string[] = []): Promise<string> {
    const keys: LimitRequestsOptions<'address'>['keys'] = (from) => {
      seen.push(from.address);
      return { address: from.address };
    };
    const limiter = createLimiter({ name: 'api', rules: { address: { limit: 1, windowMs: 60_000 } }, store: memoryStore() });
    return framework.startLimited({ limiter, keys, ...(address && { address }) });
  }
  const statusFor = async (url: string, forwarded: string): Promise<number> => (await fetch(url, { headers: { 'x-forwarded-for': forwarded, 'x-real-ip': forged, 'forwarded': `for=${forged}` } })).status;

  async function app(address: (req: never) => unknown): Promise<RunningApp> {
    const running = await framework.startApp({ hooks: () => ({ address: address as never }) });
    onTestFinished(() => running.close());
    return running;
  }
  const addressesIn = ({ events }: RunningApp): readonly unknown[] => [...new Set(events.filter(({ type }) => type.startsWith('sign-in')).map((event) => ('address' in event ? event.address : undefined)))];

  it('limits each client behind a proxy for itself, whatever else it says', async () => {
    const url = await limited(behindProxy);
    expect([await statusFor(url, client), await statusFor(url, `${forged}, ${client}`), await statusFor(url, other), await statusFor(url, `${client}, ${other}`)]).toEqual([200, 429, 200, 429]);
  });

  it('lets nobody choose an address who is no proxy', async () => {
    for (const url of [await limited(behindNobody), await limited()]) expect([await statusFor(url, client), await statusFor(url, other)]).toEqual([200, 429]);
  });

  it('is what the doors tell the flows, and the framework\'s setting is not called wrong then', async () => {
    const running = await app(behindProxy);
    expect((await running.send('/login', { form: { email: 'nobody@example.com', password: 'wrong password' }, headers: { 'x-forwarded-for': `${forged}, ${client}` } })).status).toBe(401);
    expect(addressesIn(running)).toEqual([client]);
    expect(running.events.filter(({ type }) => type === 'limiter.misconfigured')).toEqual([]);
  });

  it('is told of a request by another site', async () => {
    const running = await app(behindProxy);
    await running.send('/login', { form: {}, headers: { 'x-forwarded-for': client, 'sec-fetch-site': 'cross-site' } });
    expect(running.events).toContainEqual(expect.objectContaining({ type: 'request.cross-site', address: client }));
  });

  // ASVS 5.0 16.5.3
  it.each(odd)('that %s is no address, and no error', async (_how, address) => {
    const warned = warnings();
    const seen: string[] = [];
    const url = await limited(address as never, seen);
    expect([await statusFor(url, client), await statusFor(url, other), seen]).toEqual([200, 429, ['none', 'none']]);
    const running = await app(address);
    for (let turn = 0; turn < 2; turn += 1) expect((await running.send('/login', { form: { email: 'nobody@example.com', password: 'wrong password' } })).status).toBe(401);
    expect(addressesIn(running)).toEqual([undefined]);
    // Once by the limit and once by the doors, and without what came.
    expect(warned()).toHaveLength(2);
    expect(warned().join()).not.toContain(forged);
  });

  it('may answer undefined, of which nobody is warned', async () => {
    const warned = warnings();
    const url = await limited(() => undefined);
    expect([await statusFor(url, client), await statusFor(url, other)]).toEqual([200, 429]);
    expect(warned()).toEqual([]);
  });

  it('must be a function', async () => {
    await expect(async () => limited('x-real-ip' as never)).rejects.toThrow('limitRequests.address: expected a function, got a string of 9 characters');
    await expect(framework.startApp({ hooks: () => ({ address: true as never }) })).rejects.toThrow(/Doors\.address: expected a function, got true/);
  });
});

describe('requestFacts', () => {
  const req = { ip: '127.0.0.1', headers: { 'x-forwarded-for': client }, socket: { remoteAddress: '127.0.0.1', destroyed: false }, method: 'POST' };
  it.each<readonly [string, (req: never, address?: (req: never) => string | undefined) => { readonly address?: string | undefined }]>([['Express', requestFacts], ['Fastify', requestFactsOfFastify]])('of %s takes the same function', (_name, facts) => {
    expect(facts(req as never).address).toBe('127.0.0.1');
    expect(facts(req as never, behindProxy).address).toBe(client);
    expect(facts(req as never, () => { throw new Error('no'); }).address).toBe(undefined);
  });
});
