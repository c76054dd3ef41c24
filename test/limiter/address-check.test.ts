import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createAddressCheck, type AddressFacts } from 'portcullis/limiter';
import { eventRecorder } from '../support/recorder.ts';

const plain: AddressFacts = { address: '203.0.113.7', forwarded: false, proxyTrust: 'none' };

function setup(requests = 10) {
  const recorder = eventRecorder();
  const warnings: string[] = [];
  const check = createAddressCheck({ sharedCounters: true, requests, emit: recorder.emit, warn: (warning) => warnings.push(warning) });
  const problems = () => recorder.events.map((event) => (event.type === 'limiter.misconfigured' ? event.problem : event.type));
  const see = (facts: Partial<AddressFacts>, times = 1) => {
    for (let turn = 0; turn < times; turn += 1) check({ ...plain, ...facts });
  };
  return { see, warnings, problems, ...recorder };
}

// ASVS 4.1.3, 15.3.4
describe('the self-check of client addresses', () => {
  it('says nothing where clients come from several addresses', () => {
    const { see, warnings, problems } = setup();
    for (let host = 1; host <= 40; host += 1) see({ address: `203.0.113.${host}` });
    expect([warnings, problems()]).toEqual([[], []]);
  });

  it('names a proxy that is not trusted, with what to do, on the first forwarded request and once', () => {
    const { see, warnings, events } = setup();
    see({ forwarded: true, address: '10.0.0.1' });
    see({ forwarded: true, address: '10.0.0.2' }, 5);
    expect(warnings).toEqual(['portcullis: requests carry X-Forwarded-For or Forwarded, but the framework trusts no proxy: every client counts as the proxy. In Express: app.set("trust proxy", <number of proxies or their networks>). In Fastify: fastify({ trustProxy: "<their networks>" }); a number trusts nobody there.']);
    expect(events).toMatchObject([{ type: 'limiter.misconfigured', problem: 'proxy-not-trusted' }]);
  });

  it('is content with a forwarded request when some proxies are trusted', () => {
    const { see, problems } = setup();
    see({ forwarded: true, proxyTrust: 'some' });
    expect(problems()).toEqual([]);
  });

  it('names a setting that trusts everybody', () => {
    const { see, problems } = setup();
    see({ forwarded: true, proxyTrust: 'all' });
    expect(problems()).toEqual(['every-proxy-trusted']);
  });

  it.each([undefined, '', 'unknown', '_hidden', '1.2.3.4:80'])('names a request without an address (%j)', (address) => {
    const { see, problems } = setup();
    see({ address }, 3);
    expect(problems()).toEqual(['no-address']);
  });

  it.each(['127.0.0.1', '::1', '10.1.2.3', '203.0.113.7', '::ffff:10.1.2.3'])('names it when every client is one address (%s)', (address) => {
    const { see, problems } = setup(10);
    see({ address }, 9);
    expect(problems()).toEqual([]);
    see({ address });
    expect(problems()).toEqual(['one-address']);
  });

  it('takes two ways to write one address for one', () => {
    const { see, problems } = setup(10);
    see({ address: '::ffff:10.1.2.3' }, 5);
    see({ address: '10.1.2.3' }, 5);
    expect(problems()).toEqual(['one-address']);
  });

  it('falls silent after the first requests', () => {
    const { see, problems } = setup(10);
    for (let host = 1; host <= 10; host += 1) see({ address: `203.0.113.${host}` });
    see({ address: undefined, forwarded: true, proxyTrust: 'all' }, 5);
    expect(problems()).toEqual([]);
  });

  it('names counters that live in each worker of a cluster, and accepts shared ones', () => {
    const said = execFileSync(process.execPath, [join(import.meta.dirname, 'cluster-worker.ts')], { encoding: 'utf8', timeout: 15_000 });
    expect(JSON.parse(said)).toEqual(['limiter.misconfigured counters-per-process']);
  });

  it('warns by process.emitWarning unless told otherwise', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    createAddressCheck({ sharedCounters: true })({ ...plain, address: undefined });
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^portcullis: requests arrive without a client address/), { code: 'PORTCULLIS_ADDRESS' });
    warn.mockRestore();
  });

  it('refuses wrong options by name', () => {
    expect(() => createAddressCheck({ sharedCounters: 'yes' as never })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: 'addressCheck.sharedCounters: expected true or false, got a string of 3 characters' }));
    expect(() => createAddressCheck({ sharedCounter: true } as never)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: 'addressCheck.sharedCounter: unknown option, did you mean "sharedCounters"?' }));
  });
});
