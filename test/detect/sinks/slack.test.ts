import fc from 'fast-check';
import { slackSink, slackSinkDefaults, type Alarm, type SlackSinkOptions } from 'portcullis/detect';
import { describe, expect, it } from 'vitest';
import { keys, receiver, stuffing } from '../support.ts';

interface Text {
  readonly type: string;
  readonly text: string;
  readonly verbatim?: boolean;
}

interface Message {
  readonly text: string;
  readonly blocks: readonly { readonly type: string; readonly text?: Text; readonly fields?: readonly Text[] }[];
}

/** What Slack gets of an alarm. */
async function messageOf(alarm: Alarm, options: Partial<SlackSinkOptions> = { keys }): Promise<Message> {
  const bodies: string[] = [];
  const fetch: SlackSinkOptions['fetch'] = async (_url, { body }) => {
    bodies.push(body);
    return { status: 200, headers: new Headers() };
  };
  await slackSink({ url: 'https://hooks.slack.example/services/T/B/x', fetch, ...options }).send(alarm, new AbortController().signal);
  return JSON.parse(bodies[0] ?? '') as Message;
}

function textsOf({ blocks }: Message): readonly Text[] {
  return blocks.flatMap(({ text, fields = [] }) => [...(text === undefined ? [] : [text]), ...fields]);
}

/** Every text of a message, without the signs that nobody sees. */
const seen = (text: string): string => text.replaceAll('\u2060', '');

describe('the Slack sink', () => {
  it('says in figures what happens, and in a headline what it is', async () => {
    const message = await messageOf(stuffing);
    expect(seen(message.text)).toBe('Attack: Credential stuffing (OAT-008). 12,345 attempts since 2026-01-01 02:13 UTC from 3 networks against 9,310 accounts or names; 2 accounts were entered.');
    expect(JSON.parse(seen(JSON.stringify(message.blocks)))).toMatchInlineSnapshot(`
      [
        {
          "text": {
            "emoji": false,
            "text": "Attack: Credential stuffing (OAT-008)",
            "type": "plain_text",
          },
          "type": "header",
        },
        {
          "text": {
            "text": "12,345 attempts since 2026-01-01 02:13 UTC from 3 networks against 9,310 accounts or names; 2 accounts were entered.",
            "type": "mrkdwn",
            "verbatim": true,
          },
          "type": "section",
        },
        {
          "fields": [
            {
              "text": "*Level*
      attack",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Since*
      2026-01-01T02:13:00.000Z",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Newest sign*
      2026-01-01T02:14:35.000Z",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Count of attempts*
      12,345",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Networks*
      3",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Accounts or names tried*
      9,310",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Entered meanwhile*
      2 accounts, 1 of those listed by browsers that they do not know",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Evidence*
      ratePerMinute 8,200.5, usualPerMinute 12",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Next*
      Contain the accounts that were entered, strangers first. Ask strangers for more, and refuse its networks at your edge if it goes on.",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Alarm*
      tag:quUfsen80zX5wE1-aksG8g",
              "type": "mrkdwn",
              "verbatim": true,
            },
          ],
          "type": "section",
        },
      ]
    `);
  });

  it('shows no network and no account, unless the app says so', async () => {
    expect(JSON.stringify(await messageOf(stuffing))).not.toMatch(/203\.0\.113|user-4711|ann@|tries stolen/);
    // Without any sign that nobody sees: they are copied from there.
    const revealed = JSON.stringify(await messageOf(stuffing, { reveal: true }));
    for (const text of ['203.0.113.7, 203.0.113.8, 2001:db8:1:2::/64', 'user-4711, ann@example.com, and 9,308 more', 'tries stolen passwords']) expect(revealed).toContain(text);
  });

  it('posts to where it should, without a signature, since the address is the secret', async () => {
    const { url, received } = await receiver((response) => response.writeHead(200).end('ok'));
    await slackSink({ url, keys }).send(stuffing, new AbortController().signal);
    expect(received[0]?.headers).toMatchObject({ 'content-type': 'application/json' });
    expect(received[0]?.headers).not.toHaveProperty('webhook-signature');
  });

  it('neither calls a channel nor links nor formats anything that a stranger has typed', async () => {
    const text = '<!channel> <@U1> @here *bold* `code` ~gone~ :bomb: <http://evil.example|click> &lt;b&gt; #general';
    const message = await messageOf({ ...stuffing, summary: text, cause: text, sources: [text], accounts: { total: 1, ids: [text] }, entered: [{ accountId: text, atMs: 0, source: text, knownDevice: false, passwordOnly: true }], evidence: { word: text } }, { reveal: true });
    const texts = [message.text, ...textsOf(message).map(({ text: one }) => one.replace(/^\*[\w ]+\*\n/, ''))];
    for (const one of texts) expect(one).not.toMatch(/<|>|[@*_~`](?!\u2060)|:\/\/|&(?!amp;|lt;|gt;)/);
    expect(textsOf(message).filter(({ type }) => type === 'mrkdwn').every(({ verbatim }) => verbatim === true)).toBe(true);
  });

  it('keeps within the limits of Slack, whatever an alarm holds', async () => {
    const texts = fc.array(fc.string({ unit: fc.constantFrom('&', '<', '@', 'a', '\u{1f600}'), maxLength: 400 }), { maxLength: 30 });
    await fc.assert(fc.asyncProperty(texts, fc.string({ unit: fc.constantFrom('&', '\u{1f600}'), maxLength: 4_000 }), async (list, summary) => {
      const message = await messageOf({ ...stuffing, summary, cause: summary, sources: list, accounts: { total: 1e300, ids: list }, evidence: Object.fromEntries(list.map((text, at) => [`f${at}`, text])) }, { reveal: true });
      expect(message.blocks.length).toBeLessThanOrEqual(50);
      expect(message.text.length).toBeLessThanOrEqual(3_000);
      for (const { type, text, fields = [] } of message.blocks) {
        expect(text?.text.length ?? 1).toBeLessThanOrEqual(type === 'header' ? 150 : 3_000);
        expect(text?.text.length ?? 1).toBeGreaterThan(0);
        expect(fields.length).toBeLessThanOrEqual(10);
        for (const field of fields) expect(field.text.length).toBeLessThanOrEqual(2_000);
      }
      expect(JSON.stringify(message)).not.toMatch(/\\ud[89a-f]/i);
    }), { numRuns: 50 });
  });

  it.each([
    [{ url: 'http://hooks.slack.example/' }, 'slackSink.url: expected https: (ASVS 5.0 12.3.1); http: only to this machine'],
    [{ keys: undefined }, 'slackSink.keys: expected what createKeyRing() makes, or reveal: true, got nothing'],
    [{ secrets: [] }, 'slackSink.secrets: unknown option; known: url, keys, reveal, fetch, name, clock'],
  ])('refuses options that are wrong: %#', (options, message) => {
    expect(() => slackSink({ url: 'https://hooks.slack.example/', keys, ...options } as SlackSinkOptions)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }) as Error);
    expect(slackSinkDefaults).toEqual({ reveal: false, name: 'slack' });
  });
});
