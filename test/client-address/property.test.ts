import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientAddress } from 'portcullis/client-address';

/** An IPv4 address as one number, read digit by digit; undefined for anything else. Written apart from the code: the oracle. */
function numberOf(text: string): number | undefined {
  let value = 0;
  let parts = 0;
  let digits = '';
  for (const char of `${text}.`) {
    if (char !== '.') {
      digits += char;
      continue;
    }
    const part = Number(digits);
    if (digits === '' || String(part) !== digits || part > 255) return undefined;
    value = value * 256 + part;
    parts += 1;
    digits = '';
  }
  return parts === 4 ? value : undefined;
}

function isWithin(text: string, network: string): boolean {
  const [base = '', bits = '32'] = network.split('/');
  const size = 2 ** (32 - Number(bits));
  return Math.floor((numberOf(text) ?? -1) / size) === Math.floor((numberOf(base) ?? -2) / size);
}

/** Walks the whole list from the left, and remembers: slow, and another way than that of the code. */
function oracle(peer: string, list: string, isBelieved: (address: string, stepsFromPeer: number) => boolean): string {
  const chain = [...list.split(',').map((item) => item.replaceAll(' ', '').split(':')[0] ?? ''), peer];
  let answer = peer;
  let isOpen = true;
  chain.reduceRight((steps, item) => {
    if (isOpen && numberOf(item) === undefined) isOpen = false;
    if (isOpen) answer = item;
    if (isOpen && !isBelieved(item, steps)) isOpen = false;
    return steps + 1;
  }, 0);
  return answer;
}

const octet = fc.integer({ min: 0, max: 255 });
const inside = fc.tuple(octet, octet).map(([a, b]) => `10.7.${a}.${b}`);
const near = fc.tuple(fc.constantFrom(6, 7, 8), octet, octet).map(([a, b, c]) => `10.${a}.${b}.${c}`);
const anywhere = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'));
const address = fc.oneof({ weight: 4, arbitrary: inside }, { weight: 2, arbitrary: near }, anywhere);
const item = fc.oneof({ weight: 12, arbitrary: address }, { weight: 2, arbitrary: address.map((each) => `${each}:8080`) }, fc.constantFrom('', 'unknown', '1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4.5'));
const forwarded = fc.array(item, { minLength: 1, maxLength: 12 }).map((items) => items.join(', '));

// ASVS 5.0 4.1.3
describe('whatever was forwarded,', () => {
  it('trusted networks find what a walk by another hand finds', () => {
    const networks = ['10.7.0.0/16', '10.8.128.0/17', '10.6.1.1'];
    const addressOf = clientAddress({ trusted: networks });
    fc.assert(fc.property(address, forwarded, (peer, list) => {
      const isTrusted = (each: string): boolean => networks.some((network) => isWithin(each, network));
      expect(addressOf({ headers: { 'x-forwarded-for': list }, socket: { remoteAddress: peer } })).toBe(oracle(peer, list, isTrusted));
    }), { numRuns: 3_000 });
  });

  it('a count finds it too', () => {
    fc.assert(fc.property(address, forwarded, fc.integer({ min: 1, max: 16 }), (peer, list, hops) => {
      expect(clientAddress({ hops })({ headers: { 'x-forwarded-for': list }, socket: { remoteAddress: peer } })).toBe(oracle(peer, list, (_each, steps) => steps < hops));
    }), { numRuns: 3_000 });
  });

  it('nothing that a client writes before what the trusted proxy adds changes the answer', () => {
    const addressOf = clientAddress({ trusted: ['10.7.0.0/16'] });
    fc.assert(fc.property(fc.string({ maxLength: 300, unit: 'binary' }), anywhere.filter((each) => !isWithin(each, '10.7.0.0/16')), inside, (lie, client, proxy) => {
      expect(addressOf({ headers: { 'x-forwarded-for': `${lie}, ${client}` }, socket: { remoteAddress: proxy } })).toBe(client);
      // Straight to the app, past all proxies.
      expect(addressOf({ headers: { 'x-forwarded-for': lie }, socket: { remoteAddress: client } })).toBe(client);
    }), { numRuns: 2_000 });
  });

  it('an IPv6 address has one form, however it was written', () => {
    const addressOf = clientAddress({ hops: 1 });
    const ask = (text: string): string | undefined => addressOf({ headers: { 'x-forwarded-for': text }, socket: { remoteAddress: '10.0.0.1' } });
    fc.assert(fc.property(fc.ipV6(), (text) => {
      const once = ask(text);
      expect(once).toBeDefined();
      expect(ask(text.toUpperCase())).toBe(once);
      expect(ask(`[${text}]:443`)).toBe(once);
      expect(ask(`${text}%eth0`)).toBe(once);
      expect(ask(once ?? '')).toBe(once);
    }), { numRuns: 1_000 });
  });
});
