import express from 'express';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestFacts } from 'portcullis/express';
import * as fastifyDoor from 'portcullis/fastify';

type Facts = Parameters<typeof requestFacts>[0];

const asked = (accept: string | undefined): Facts => ({ headers: { accept }, method: 'GET', socket: { destroyed: false } });
const formOf = (accept: string | undefined): string => requestFacts(asked(accept)).accepts;

/** What Express makes of the same header. */
const oracle = (accept: string): 'html' | 'json' => {
  const req = Object.assign(Object.create(express.request) as express.Request, { headers: { accept } });
  return req.accepts(['json', 'html']) === 'html' ? 'html' : 'json';
};

// RFC 9110 12.5.1
describe('the form of an answer', () => {
  it('is one question to all adapters', () => {
    expect(fastifyDoor.requestFacts).toBe(requestFacts);
  });

  it.each([
    [undefined, 'json'],
    ['', 'json'],
    ['*/*', 'json'],
    ['text/html', 'html'],
    ['TEXT/HTML', 'html'],
    ['text/*', 'html'],
    ['application/json', 'json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
    ['application/json, text/html', 'json'],
    ['text/html, application/json', 'html'],
    ['application/json;q=0.9, text/html', 'html'],
    ['text/html;q=0', 'json'],
    ['text/html;q=0, */*', 'json'],
    ['application/json;q=0, */*', 'html'],
    ['text/html;level=1', 'json'],
    ['image/png', 'json'],
    ['html', 'json'],
    [',,;;q=,', 'json'],
  ])('asked for by %j is %s', (accept, form) => {
    expect(formOf(accept)).toBe(form);
  });

  it('is what Express says for whatever is a list of types', () => {
    const range = fc.constantFrom('text/html', 'application/json', 'text/*', 'application/*', '*/*', 'image/png', 'Text/HTML', 'application/xhtml+xml', 'text/html;level=1', 'application/json;charset=utf-8');
    const quality = fc.constantFrom('', ';q=0', ';q=1', ';q=0.5', '; q=0.8', ';q=0.9', ';q=0.123');
    fc.assert(fc.property(fc.array(fc.tuple(range, quality), { minLength: 1, maxLength: 6 }), fc.constantFrom(',', ', ', ' , '), (entries, comma) => {
      const accept = entries.map((parts) => parts.join('')).join(comma);
      expect([accept, formOf(accept)]).toEqual([accept, oracle(accept)]);
    }), { numRuns: 2_000 });
  });

  it('is found in any header, and in a long one soon', () => {
    fc.assert(fc.property(fc.string(), (accept) => {
      expect(['html', 'json']).toContain(formOf(accept));
    }));
    expect(formOf('a/b;q=1,'.repeat(10_000_000 / 8))).toBe('json');
    expect(formOf(`${';'.repeat(100_000)},text/html`)).toBe('json');
  });
});
