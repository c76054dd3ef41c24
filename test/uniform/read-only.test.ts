import { describe, expect, it } from 'vitest';
import { setup } from './support.ts';

const facts = { level: 'writes', reason: 'spam & <b>more</b>', untilMs: 1_767_225_690_000, retryAfterMs: 90_000 };

// RFC 9110 15.6.4, RFC 9457, RFC 9651
describe('the answer while the app is read-only', () => {
  it('says why and until when, in a header too', () => {
    const { uniform } = setup();
    const json = uniform.readOnly(facts, 'json');
    expect(json).toMatchObject({ status: 503, headers: { 'Retry-After': '90', 'Cache-Control': 'no-store', 'Content-Type': 'application/problem+json', 'Portcullis-Read-Only': 'writes;until=@1767225690' } });
    expect(JSON.parse(json.body)).toEqual({ type: 'urn:portcullis:read-only', title: 'Read-only for now', status: 503, detail: 'spam & <b>more</b>', level: 'writes', until: '2026-01-01T00:01:30.000Z' });
    const html = uniform.readOnly(facts, 'html');
    expect(html.headers['Portcullis-Read-Only']).toBe('writes;until=@1767225690');
    expect(html.body).toContain('<h1>Read-only for now</h1><p>spam &#38; &#60;b&#62;more&#60;/b&#62;</p><p>Changes are not possible at the moment. Nothing was changed.</p><p>Planned until Thu, 01 Jan 2026 00:01:30 GMT.</p>');
  });

  it('says no more than is known', () => {
    const { uniform } = setup();
    const json = uniform.readOnly({ level: 'all', reason: '', retryAfterMs: 1 }, 'json');
    expect(json.headers).toMatchObject({ 'Retry-After': '1', 'Portcullis-Read-Only': 'all' });
    expect(JSON.parse(json.body)).toEqual({ type: 'urn:portcullis:read-only', title: 'Read-only for now', status: 503, detail: 'Changes are not possible at the moment. Nothing was changed.', level: 'all' });
  });

  it('keeps the words of the app, and its page as it is', () => {
    const worded = setup({ templates: { 'read-only': { title: 'Closed', detail: 'Come back on Monday.' } } }).uniform;
    expect(worded.readOnly({ ...facts, reason: '' }, 'html').body).toContain('<h1>Closed</h1><p>Come back on Monday.</p><p>Planned until');
    expect(JSON.parse(worded.readOnly({ ...facts, reason: '' }, 'json').body)).toMatchObject({ title: 'Closed', detail: 'Come back on Monday.' });
    const paged = setup({ templates: { 'read-only': { html: '<p>closed</p>' } } }).uniform;
    expect(paged.readOnly(facts, 'html')).toMatchObject({ body: '<p>closed</p>', headers: { 'Portcullis-Read-Only': 'writes;until=@1767225690', 'Content-Type': 'text/html; charset=utf-8' } });
  });
});
