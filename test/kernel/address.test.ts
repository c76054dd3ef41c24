import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networkOf } from '../../src/kernel/address.ts';

const v4 = (address: string) => ({ key: address, rollUp: address });

/** Every way that RFC 4291 section 2.2 allows to write eight words. */
function spellings(words: readonly number[]): readonly string[] {
  const hex = words.map((word) => word.toString(16));
  const plain = hex.join(':');
  const quad = (words.slice(6) as [number, number]).flatMap((word) => [word >> 8, word & 255]).join('.');
  const all = [plain, plain.toUpperCase(), hex.map((word) => word.padStart(4, '0')).join(':'), `${hex.slice(0, 6).join(':')}:${quad}`];
  for (let from = 0; from < 8; from += 1) {
    for (let to = from + 1; to <= 8 && words[to - 1] === 0; to += 1) {
      all.push(`${hex.slice(0, from).join(':')}::${hex.slice(to).join(':')}`);
      if (to <= 6) all.push(`${hex.slice(0, from).join(':')}::${[...hex.slice(to, 6), quad].join(':')}`);
    }
  }
  return all;
}

const word = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));

// ASVS 15.3.4
describe('the network of a client address', () => {
  it('is the address itself for IPv4, exactly as it is written', () => {
    expect(networkOf('203.0.113.7')).toEqual(v4('203.0.113.7'));
    fc.assert(fc.property(octets, (parts) => { expect(networkOf(parts.join('.'))).toEqual(v4(parts.join('.'))); }));
  });

  it('is the /64 for IPv6, and the /48 as roll-up', () => {
    expect(networkOf('2001:db8:1:2:3:4:5:6')).toEqual({ key: '2001:db8:1:2::/64', rollUp: '2001:db8:1::/48' });
    expect(networkOf('2001:db8::1')).toEqual({ key: '2001:db8:0:0::/64', rollUp: '2001:db8:0::/48' });
    expect(networkOf('::1')).toEqual({ key: '0:0:0:0::/64', rollUp: '0:0:0::/48' });
  });

  it.each(['::ffff:1.2.3.4', '::FFFF:1.2.3.4', '::ffff:102:304', '0:0:0:0:0:ffff:1.2.3.4', '0000:0000:0000:0000:0000:ffff:0102:0304', '::0:ffff:102:304', '0::ffff:1.2.3.4', '::ffff:1.2.3.4%eth0'])('folds an IPv4-mapped address into the IPv4 one: %s', (address) => {
    expect(networkOf(address)).toEqual(v4('1.2.3.4'));
  });

  it.each([
    ['2001:db8::1.2.3.4', '2001:db8:0:0::/64'], ['::1.2.3.4', '0:0:0:0::/64'], ['64:ff9b::1.2.3.4', '64:ff9b:0:0::/64'],
    ['::ffff:0:1.2.3.4', '0:0:0:0::/64'], ['::fffe:1.2.3.4', '0:0:0:0::/64'], ['1::ffff:1.2.3.4', '1:0:0:0::/64'], ['::1:ffff:1.2.3.4', '0:0:0:0::/64'],
  ])('is not fooled by an address that only looks mapped: %s', (address, key) => {
    expect(networkOf(address)?.key).toBe(key);
  });

  it('drops the zone of a link-local address', () => {
    expect(networkOf('fe80::1%eth0')).toEqual(networkOf('fe80::2%25'));
  });

  it('does not depend on how the address is written', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 8, maxLength: 8 }), (words) => {
        const expected = networkOf(words.map((each) => each.toString(16)).join(':'));
        expect(expected).toBeDefined();
        for (const spelling of spellings(words)) expect(networkOf(spelling)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same for two addresses exactly when their first 64 bits are (IPv6) or all bits are (mapped)', () => {
    const text = (words: readonly number[]) => words.map((each) => each.toString(16)).join(':');
    fc.assert(
      fc.property(fc.array(word, { minLength: 4, maxLength: 4 }), fc.array(word, { minLength: 4, maxLength: 4 }), fc.array(word, { minLength: 4, maxLength: 4 }), (net, other, host) => {
        fc.pre(host[1] !== 0xffff);
        expect(networkOf(text([...net, ...host]))?.key).toBe(networkOf(text([...net, 1, 2, 3, 4]))?.key);
        const same = net.every((each, at) => each === other[at]);
        expect(networkOf(text([...net, ...host]))?.key === networkOf(text([...other, ...host]))?.key).toBe(same);
      }),
    );
    fc.assert(fc.property(octets, (parts) => { expect(networkOf(`::ffff:${parts.join('.')}`)).toEqual(v4(parts.join('.'))); }));
  });

  it.each([
    undefined, '', ' ', 'unknown', 'localhost', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.4:80', '0x7f.1', '2130706433', ' 1.2.3.4', '1.2.3.4 ', '1.2.3.4\n', '1.2.3.4, 5.6.7.8',
    '[::1]', '::1/64', ':::', '1::2::3', '1:2:3:4:5:6:7', '12345::', '::ffff:256.1.1.1', '::ffff:1.2.3', 'g::', `::${'0'.repeat(100)}1`, `fe80::1%${'x'.repeat(80)}`,
  ])('is nothing for what is no address: %j', (address) => {
    expect(networkOf(address)).toBeUndefined();
  });

  it('never throws, also for what is no text', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'0 1 2 3 4 5 6 7 8 9 a b c d e f : . % /'.split(' '), ' ') }), (text) => { networkOf(text); }));
    for (const value of [null, 7, {}, [], ['1.2.3.4']]) expect(networkOf(value as unknown as string)).toBeUndefined();
  });
});
