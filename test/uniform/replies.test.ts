import { ConfigError, type Reply } from 'portcullis';
import { createUniformReplies, uniformDefaults, type ReplyName, type UniformOptions } from 'portcullis/uniform';
import { describe, expect, it } from 'vitest';
import { replyNames, setup } from './support.ts';

const forms = ['html', 'json'] as const;

/** Every reply of the piece, in both forms, refusals and rejections included. */
function everyReply(options: UniformOptions = {}): readonly (readonly [string, Reply])[] {
  const { uniform } = setup(options);
  return forms.flatMap((accepts) => [
    ...replyNames.map((name) => [`${name} as ${accepts}`, uniform.reply(name, accepts)] as const),
    [`429 as ${accepts}`, uniform.comeBack('too-many-requests', 1_234, accepts)] as const,
    [`503 as ${accepts}`, uniform.comeBack('busy', 1_234, accepts)] as const,
    [`a rejection as ${accepts}`, uniform.rejection([{ code: 'too-short', message: 'Too short.' }], accepts)] as const,
  ]);
}

describe('the answers', () => {
  // ASVS 6.3.8
  it.each(replyNames)('%s is the same, byte for byte, every time and for everybody', (name) => {
    const { uniform } = setup();
    for (const accepts of forms) {
      const first = JSON.stringify(uniform.reply(name, accepts));
      uniform.rejection([{ code: 'x', message: 'left behind?' }], accepts);
      uniform.comeBack('busy', 77, accepts);
      expect(JSON.stringify(uniform.reply(name, accepts))).toBe(first);
      expect(JSON.stringify(setup().uniform.reply(name, accepts))).toBe(first);
    }
  });

  it.each(everyReply())('cannot be changed by whoever got one: %s', (_what, reply) => {
    expect(Object.isFrozen(reply)).toBe(true);
    expect(Object.isFrozen(reply.headers)).toBe(true);
  });

  it('promise the same to a new and to a known address', () => {
    const { uniform } = setup();
    expect(uniform.reply('sign-up-received', 'json')).toEqual({
      status: 202,
      headers: { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', Vary: 'Accept', 'Content-Type': 'application/json; charset=utf-8' },
      body: '{"ok":true,"message":"If that address can be used, a mail is on its way. It says how to go on."}',
    });
    expect(uniform.reply('forgot-received', 'json').body).toContain('If there is an account');
  });

  // ASVS 14.3.2
  it.each(everyReply())('are never kept by a cache: %s', (_what, { headers }) => {
    expect(headers['Cache-Control']).toBe('no-store');
    expect(headers['Vary']).toBe('Accept');
  });

  // RFC 9110 section 11.6.1
  it.each(everyReply())('carry a challenge with 401, and never one that opens the browser’s own dialog: %s', (_what, { status, headers }) => {
    const challenge = headers['WWW-Authenticate'];
    if (status === 401) expect(challenge).toMatch(/^Form realm="[a-z-]+"$/);
    else expect(challenge).toBeUndefined();
    expect(challenge ?? '').not.toMatch(/basic/i);
  });

  it('carry no challenge where the app answers a failed sign-in with another status', () => {
    const { uniform } = setup({ templates: { 'sign-in-failed': { status: 422 } } });
    expect(uniform.reply('sign-in-failed', 'json')).toMatchObject({ status: 422, body: expect.stringContaining('"status":422') as string });
    expect(uniform.reply('sign-in-failed', 'json').headers).not.toHaveProperty('WWW-Authenticate');
  });

  // RFC 9457
  it.each(everyReply().filter(([what, { status }]) => what.endsWith('json') && status >= 400))('say what went wrong as a problem document: %s', (_what, { status, headers, body }) => {
    const problem = JSON.parse(body) as Readonly<Record<string, unknown>>;
    expect(headers['Content-Type']).toBe('application/problem+json');
    expect(problem['status']).toBe(status);
    expect(problem['type']).toMatch(/^urn:portcullis:[a-z-]+$/);
    expect(Object.keys(problem).filter((member) => member !== 'reasons')).toEqual(['type', 'title', 'status', 'detail']);
  });

  it.each(everyReply().filter(([what]) => what.endsWith('html')))('are whole pages for people: %s', (_what, { headers, body }) => {
    expect(headers['Content-Type']).toBe('text/html; charset=utf-8');
    expect(body).toMatch(/^<!doctype html><html lang="en"><meta charset="utf-8">.*<title>[^<]+<\/title><main><h1>[^<]+<\/h1><p>[^<]+<\/p>.*<\/main><\/html>$/);
  });
});

describe('the app’s own words', () => {
  it('are used in both forms, escaped in the page', () => {
    const { uniform } = setup({ templates: { 'sign-in-failed': { title: 'Nope & "no"', detail: '<script>alert(\'1\')</script>' } } });
    const html = uniform.reply('sign-in-failed', 'html').body;
    expect(html).toContain('<h1>Nope &#38; &#34;no&#34;</h1><p>&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62;</p>');
    expect(JSON.parse(uniform.reply('sign-in-failed', 'json').body)).toEqual({ type: 'urn:portcullis:sign-in-failed', title: 'Nope & "no"', status: 401, detail: '<script>alert(\'1\')</script>' });
  });

  it('may be a whole page, written out as it is', () => {
    const html = '<!doctype html><title>Ours</title><main>Ours</main>';
    expect(setup({ templates: { busy: { html } } }).uniform.reply('busy', 'html').body).toBe(html);
  });

  it('are read once: what is changed afterwards changes no answer', () => {
    const template = { detail: 'first' };
    const templates = { busy: template };
    const { uniform } = setup({ templates });
    template.detail = 'second';
    expect(uniform.reply('busy', 'json').body).toContain('first');
  });
});

describe('a rejection of what was typed', () => {
  const reasons = [
    { code: 'too-short', message: 'At least 15 characters.' },
    { code: 'context', message: 'Not <your name> & $& "thing".' },
  ];

  it('lists every reason for programs, and nothing else that came with it', () => {
    const secret = reasons.map((reason) => ({ ...reason, password: 'canary' }));
    const { status, body } = setup().uniform.rejection(secret, 'json');
    expect(status).toBe(422);
    expect(JSON.parse(body)).toEqual({ type: 'urn:portcullis:input-rejected', title: 'Please check your entries', status: 422, detail: 'Something in the form cannot be used.', reasons });
  });

  it('lists every reason in the page, escaped', () => {
    expect(setup().uniform.rejection(reasons, 'html').body).toContain(
      '<ul role="alert"><li>At least 15 characters.</li><li>Not &#60;your name&#62; &#38; $&#38; &#34;thing&#34;.</li></ul></main></html>',
    );
  });

  it('puts them where the app’s own page wants them', () => {
    const html = '<!doctype html><main><form></form><!-- reasons --><p>Help</p></main>';
    const { uniform } = setup({ templates: { 'input-rejected': { html } } });
    expect(uniform.rejection([{ code: 'a', message: 'A.' }], 'html').body).toBe('<!doctype html><main><form></form><ul role="alert"><li>A.</li></ul><!-- reasons --><p>Help</p></main>');
  });
});

describe('when to come back', () => {
  // RFC 6585 section 4, RFC 9110 section 10.2.3, draft-ietf-httpapi-ratelimit-headers section 8.2
  it.each([
    [0, '30'],
    [1, '30'],
    [30_000, '30'],
    [30_001, '60'],
    [60_001, '300'],
    [300_001, '900'],
    [900_001, '3600'],
    [3_600_001, '7200'],
    [86_400_000, '86400'],
  ])('is told in coarse steps after too many attempts: %d ms is %s s', (retryAfterMs, seconds) => {
    for (const accepts of forms) {
      const { status, headers, body } = setup().uniform.comeBack('too-many-requests', retryAfterMs, accepts);
      expect([status, headers['Retry-After']]).toEqual([429, seconds]);
      expect(body).not.toMatch(/limit|rule|bucket|remaining|quota/i);
      expect(Object.keys(headers).filter((name) => /ratelimit/i.test(name))).toEqual([]);
    }
  });

  it('is the same for two refusals within one step: nothing in it is left to chance', () => {
    const { uniform } = setup();
    expect(new Set(Array.from({ length: 50 }, (_, index) => JSON.stringify(uniform.comeBack('too-many-requests', 31_000 + index * 500, 'json')))).size).toBe(1);
  });

  it.each([
    [0, '1'],
    [1, '1'],
    [1_000, '1'],
    [1_001, '2'],
    [5_000, '5'],
  ])('is told in whole seconds, rounded up, when the server is busy: %d ms is %s s', (retryAfterMs, seconds) => {
    const { status, headers } = setup().uniform.comeBack('busy', retryAfterMs, 'html');
    expect([status, headers['Retry-After']]).toEqual([503, seconds]);
  });
});

describe('the options of equal answers', () => {
  function configError(options: unknown): { readonly code: string; readonly message: string } {
    try {
      createUniformReplies(options as UniformOptions);
    } catch (error) {
      if (error instanceof ConfigError) return { code: error.code, message: error.message };
      throw error;
    }
    throw new Error('was accepted');
  }
  const template = (name: ReplyName, own: unknown): unknown => ({ templates: { [name]: own } });

  it.each([
    [{ quantum: 100 }, 'uniform.quantum: unknown option, did you mean "quantumMs"?'],
    [{ quantumMs: 9 }, 'uniform.quantumMs: expected a whole number from 10 to 5000, got 9'],
    [{ quantumMs: '250' }, 'uniform.quantumMs: expected a whole number from 10 to 5000, got a string of 3 characters'],
    [{ quantumMs: null }, 'uniform.quantumMs: expected a whole number from 10 to 5000, got null'],
    [{ maxDeferred: 0 }, 'uniform.maxDeferred: expected a whole number from 1 to 1000000, got 0'],
    [{ emit: 'log' }, 'uniform.emit: expected a function, got a string of 3 characters'],
    [{ templates: { 'sign-in-fail': {} } }, 'uniform.templates.sign-in-fail: unknown option, did you mean "sign-in-failed"?'],
    [JSON.parse('{"templates":{"__proto__":{}}}'), 'uniform.templates.__proto__: unknown option; known: sign-in-failed, sign-up-received, sign-up-confirmed, confirmation-failed, forgot-received, password-reset, reset-failed, password-changed, password-change-failed, password-change-required, mfa-required, mfa-enrollment-required, reauthentication-required, second-factor-failed, second-factor-expired, reset-second-factor, factor-changed, factor-refused, step-up-done, step-up-failed, challenge-sent, challenge-confirmed, challenge-failed, challenge-disowned, own-challenge-failed, email-change-received, email-changed, email-change-failed, read-only, input-rejected, too-many-requests, busy, cross-site'],
    [template('busy', null), 'uniform.templates.busy: expected an options object, got null'],
    [template('busy', { titel: 'x' }), 'uniform.templates.busy.titel: unknown option, did you mean "title"?'],
    [template('busy', { detail: '' }), 'uniform.templates.busy.detail: expected a non-empty string, got a string of 0 characters'],
    [template('busy', { html: 7 }), 'uniform.templates.busy.html: expected a non-empty string, got 7'],
    // A program that reads only the status must not take a refusal for a success.
    [template('sign-in-failed', { status: 200 }), 'uniform.templates.sign-in-failed.status: expected an HTTP status from 400 to 599, got 200'],
    [template('busy', { status: 302 }), 'uniform.templates.busy.status: expected an HTTP status from 400 to 599, got 302'],
    [template('forgot-received', { status: 404 }), 'uniform.templates.forgot-received.status: expected an HTTP status from 200 to 299 that has a body, got 404'],
    [template('forgot-received', { status: 204 }), 'uniform.templates.forgot-received.status: expected an HTTP status from 200 to 299 that has a body, got 204'],
    [template('forgot-received', { status: 200.5 }), 'uniform.templates.forgot-received.status: expected an HTTP status from 200 to 299 that has a body, got 200.5'],
    [template('sign-up-received', { status: 201 }), 'uniform.templates.sign-up-received.status: expected 200 or 202, since it also answers for an address that is taken'],
    [template('input-rejected', { html: '<p>Wrong.</p>' }), 'uniform.templates.input-rejected.html: expected "<!-- reasons -->" where the reasons are to stand'],
  ])('are refused where they are wrong: %#', (options, message) => {
    expect(configError(options)).toEqual({ code: 'ERR_CONFIG', message });
  });

  it('may all be absent', () => {
    expect(uniformDefaults).toEqual({ quantumMs: 250, maxDeferred: 1_000 });
    expect(Object.isFrozen(uniformDefaults)).toBe(true);
    expect(Object.isFrozen(createUniformReplies())).toBe(true);
    expect(createUniformReplies({ templates: { busy: {} } }).reply('busy', 'json')).toEqual(createUniformReplies().reply('busy', 'json'));
  });
});
