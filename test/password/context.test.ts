import { describe, expect, it } from 'vitest';
import { codesFor } from './setup.ts';

const personal = ['alice.smith@example.org', 'Alice Smith', 'Grüne Wiese e.V.'];
const contextWords = ['Acme Corp', 'Mailfold'];

// ASVS 6.2.11, SP 800-63B-4 3.1.1.2
describe('words about the person and the site', () => {
  it.each([
    'acme-corp-2026!!',
    'AcmeCorpAcmeCorp',
    'acme corp acme corp',
    '4cm3 c0rp 2026!!',
    '@cme(orp20262026',
    '!!!!mailfold!!!!',
    'mailfoldmailfoldmailf0ld',
    'alice.smith@example.org',
    'Alice Smith 1987',
    'smith_alice_1987',
    'ALICESMITHALICE!',
    '2026/alice/mailfold',
    'alice123456789012345',
    'gruene'.replace('ue', 'ü') + 'wiese2026!',
    'GRUNE WIESE 2026',
    'grüne wiese 2026'.normalize('NFD'),
    'exampleexample1!',
  ])('refuse a password made of nothing else: %s', async (password) => {
    expect(await codesFor({ password, personal }, { contextWords })).toContain('context');
  });

  it.each([
    'my acme cat eats tulips',
    'alice never eats tulips',
    'tulips for alice.smith@example.org',
    'mailfolded tulips, seven',
    'smithereens of old glass',
    'acme-corp-2026!! tulips',
  ])('leave alone a password with something else in it: %s', async (password) => {
    expect(await codesFor({ password, personal }, { contextWords })).toEqual([]);
  });

  it('are only those of this person', async () => {
    expect(await codesFor({ password: 'alice.smith.alice', personal: ['bob@example.org'] })).toEqual([]);
    expect(await codesFor({ password: 'alice.smith.alice', personal })).toEqual(['context']);
  });

  it('do not count when they have fewer than three letters together', async () => {
    expect(await codesFor({ password: '1-2-3-4-5-6-7-8-a', personal: ['A'] })).toEqual([]);
    expect(await codesFor({ password: '1-2-3-4-5-6-7-8-lea', personal: ['Lea'] })).toEqual(['context']);
  });

  it('may be in any script', async () => {
    expect(await codesFor({ password: 'Καλημέρα-Καλημέρα', personal: ['καλημερα@example.org'] })).toEqual(['context']);
    expect(await codesFor({ password: '김민준'.repeat(3) + '2026!!', personal: ['김민준'] })).toEqual(['context']);
    expect(await codesFor({ password: '김민주'.repeat(3) + '2026!!', personal: ['김민준'] })).toEqual([]);
  });

  it('are compared as text, also where they look like code', async () => {
    expect(await codesFor({ password: '__proto__constructor', personal: ['__proto__', 'constructor'] })).toEqual(['context']);
    expect(await codesFor({ password: '(.*)+ripe plums sail', personal: ['(.*)+'] })).toEqual([]);
  });
});

// ASVS 2.2.1: what a form hands over is unchecked
describe('what is known of a person', () => {
  it('may hold anything: only texts of up to 320 characters count', async () => {
    const odd = [undefined, null, 7, { toString: () => 'smith' }, ['deep'], 'x'.repeat(10_000_000), '', 'Torvund'] as unknown as readonly string[];
    expect(await codesFor({ password: 'torvund-torvund!', personal: odd })).toEqual(['context']);
  });

  it('is not cut where it is too long, but left aside', async () => {
    const of = (chars: number) => `Torvund ${'x'.repeat(chars - 8)}`;
    expect(await codesFor({ password: 'torvund-torvund!', personal: [of(320)] })).toEqual(['context']);
    expect(await codesFor({ password: 'torvund-torvund!', personal: [of(321)] })).toEqual([]);
  });

  it('counts as a list of one when it is a single text, and as none when it is nothing', async () => {
    expect(await codesFor({ password: 'torvund-torvund!', personal: 'Torvund' as unknown as readonly string[] })).toEqual(['context']);
    expect(await codesFor({ password: 'torvund-torvund!', personal: null as unknown as readonly string[] })).toEqual([]);
  });

  it('is read up to the 64th text', async () => {
    const many = Array.from({ length: 64 }, (_, index) => `n${index}`);
    expect(await codesFor({ password: 'torvund-torvund!', personal: [...many, 'Torvund'] })).toEqual([]);
    expect(await codesFor({ password: 'torvund-torvund!', personal: [...many.slice(1), 'Torvund'] })).toEqual(['context']);
  });
});
