import { mailSink, mailSinkDefaults, type Alarm, type AlarmMail, type MailSinkOptions } from 'portcullis/detect';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { alarm, keys, setup as senderSetup, stuffing } from '../support.ts';

const hourMs = 3_600_000;

function setup(options: Partial<MailSinkOptions> = {}) {
  const clock = fakeClock();
  const mails: AlarmMail[] = [];
  const sink = mailSink({ send: async (mail) => void mails.push(mail), to: 'on-call@example.com', keys, clock, ...options });
  return { clock, mails, subjects: () => mails.map(({ subject }) => subject), send: async (one: Alarm) => sink.send(one, new AbortController().signal), sink };
}

describe('the mail sink', () => {
  it('mails an alarm as plain text, in figures', async () => {
    const { mails, send } = setup();
    await send(stuffing);
    expect(mails).toEqual([{
      to: 'on-call@example.com',
      subject: '[portcullis] Attack: Credential stuffing (OAT-008)',
      text: [
        '12,345 attempts since 2026-01-01 02:13 UTC from 3 networks against 9,310 accounts or names; 2 accounts were entered.', '',
        'Level: attack', 'Since: 2026-01-01T02:13:00.000Z', 'Newest sign: 2026-01-01T02:14:35.000Z', 'Count of attempts: 12,345', 'Networks: 3', 'Accounts or names tried: 9,310',
        'Entered meanwhile: 2 accounts, 1 of those listed by browsers that they do not know', 'Evidence: ratePerMinute 8,200.5, usualPerMinute 12',
        'Next: Contain the accounts that were entered, strangers first. Ask strangers for more, and refuse its networks at your edge if it goes on.', `Alarm: tag:${keys.digest('alarm', stuffing.id)}`, '',
      ].join('\n'),
    }]);
  });

  it('tells who and where if the app says so', async () => {
    const { mails, send } = setup({ reveal: true });
    await send(stuffing);
    expect(mails[0]?.text).toContain('From: 203.0.113.7, 203.0.113.8, 2001:db8:1:2::/64\nTried: user-4711, ann@example.com, and 9,308 more\nEntered: user-4711, ann@example.com\n');
  });

  it('takes no header, and no line that looks like one of its own, from what a stranger has typed', async () => {
    const { mails, sink } = setup({ reveal: true });
    const { sender, clock } = senderSetup([sink]);
    const text = 'a\r\nBcc: all@example.com\r\n\r\nLevel: calm\u2028x\u202ey';
    sender.send({ ...stuffing, id: text, cause: text, summary: text, sources: [text], accounts: { total: 1, ids: [text] }, evidence: { word: text } });
    await clock.advance(0);
    expect(mails[0]?.subject).toBe('[portcullis] Attack: Credential stuffing (OAT-008)');
    expect(mails[0]?.text.split('\n').filter((line) => /^(Bcc|Level)/.test(line))).toEqual(['Level: attack']);
  });

  it('mails six times an hour at most; the rest goes together into one mail when the hour is over', async () => {
    const { mails, subjects, send, clock } = setup();
    for (let number = 0; number < 20; number += 1) await send(alarm(number));
    await clock.advance(hourMs - 1);
    expect(mails).toHaveLength(6);
    await clock.advance(1);
    expect(subjects().slice(6)).toEqual(['[portcullis] 14 alarms since the last mail']);
    expect(mails[6]?.text.split('\n').filter((line) => line.startsWith('- Attack: Credential stuffing (OAT-008): 12,345 attempts'))).toHaveLength(14);
    await clock.advance(10 * hourMs);
    expect(mails).toHaveLength(7);
  });

  it('never mails more than that within any hour', async () => {
    const clock = fakeClock();
    const times: number[] = [];
    const { send } = setup({ maxPerHour: 3, clock, send: async () => void times.push(clock.monotonicMs()) });
    for (let turn = 0; turn < 300; turn += 1) {
      await send(alarm(turn));
      await clock.advance(97_000);
    }
    expect(times.length).toBeGreaterThan(10);
    expect(times.filter((atMs) => times.filter((other) => other >= atMs && other < atMs + hourMs).length > 3)).toEqual([]);
  });

  it('mails an alarm once while it goes on, at once when its level rises, and its count with the next mail', async () => {
    const { subjects, send, clock, mails } = setup();
    for (let count = 1; count <= 30; count += 1) {
      await send(alarm(1, { level: 'elevated', count }));
      await clock.advance(60_000);
    }
    expect(subjects()).toEqual(['[portcullis] Elevated: Credential stuffing (OAT-008)']);
    await send(alarm(1, { level: 'attack', count: 31 }));
    await send(alarm(1, { level: 'attack', count: 32 }));
    expect(subjects().slice(1)).toEqual(['[portcullis] Attack: Credential stuffing (OAT-008)']);
    expect(mails[1]?.text).not.toContain('Since the last mail');
    await clock.advance(hourMs);
    expect(subjects().slice(2)).toEqual(['[portcullis] 1 alarm since the last mail']);
    expect(mails[2]?.text).toContain('32 attempts');
  });

  it('mails at once when somebody came in during an alarm that was told before', async () => {
    const { subjects, send, mails } = setup();
    await send(alarm(1, { entered: [], enteredTotal: 0 }));
    await send(alarm(1, { entered: [], enteredTotal: 0, count: 20_000 }));
    await send(alarm(1, { entered: stuffing.entered.filter(({ knownDevice }) => knownDevice), enteredTotal: 1 }));
    expect(subjects()).toHaveLength(1);
    await send(alarm(1));
    expect(subjects()).toHaveLength(2);
    expect(mails[1]?.text).toContain('2 accounts were entered');
  });

  it('has mails left for an attack, and for one in which somebody came in, whatever noise is made before', async () => {
    const { subjects, send } = setup();
    const noise = { entered: [], enteredTotal: 0 };
    for (let number = 0; number < 50; number += 1) await send(alarm(number, { ...noise, level: 'elevated' }));
    expect(subjects()).toHaveLength(2);
    for (let number = 50; number < 100; number += 1) await send(alarm(number, noise));
    expect(subjects()).toHaveLength(4);
    await send(alarm(100));
    expect(subjects()).toHaveLength(5);
  });

  it('holds an attack back before noise, where there is room for fifty alone', async () => {
    const { send, mails, clock } = setup({ maxPerHour: 1 });
    await send(alarm(0));
    await send(alarm(1, { count: 777 }));
    for (let number = 2; number < 80; number += 1) await send(alarm(number, { level: 'elevated', entered: [], enteredTotal: 0 }));
    await clock.advance(hourMs);
    expect(mails[1]?.text).toContain('Attack: Credential stuffing (OAT-008): 777 attempts');
    expect(mails[1]?.text).toContain('- 29 more\n');
  });

  it('says with the next mail that an alarm is over, and mails nothing for it alone at once', async () => {
    const { send, subjects, mails, clock } = setup();
    await send(alarm(1));
    await send(alarm(1, { isOver: true }));
    expect(subjects()).toHaveLength(1);
    await clock.advance(hourMs);
    expect(mails[1]?.text).toContain('- Over: Credential stuffing (OAT-008)');
  });

  it('puts what was held back into the next mail, of fifty alarms the lines and of others their number', async () => {
    const { mails, subjects, send, clock } = setup({ maxPerHour: 1 });
    for (let number = 0; number < 1_001; number += 1) await send(alarm(number));
    await clock.advance(hourMs);
    expect(subjects()[1]).toBe('[portcullis] 1,000 alarms since the last mail');
    expect(mails[1]?.text.split('\n').filter((line) => line.startsWith('- '))).toHaveLength(51);
    expect(mails[1]?.text).toContain('- 950 more\n');
  });

  it('rejects when the mailer does, so that the sender tries again, and keeps what it had held back', async () => {
    let isDown = false;
    const mails: AlarmMail[] = [];
    const { send, clock } = setup({ maxPerHour: 2, send: async (mail) => { if (isDown) throw new Error('smtp'); mails.push(mail); } });
    await send(alarm(1));
    await send(alarm(1, { count: 2 }));
    isDown = true;
    await expect(send(alarm(2))).rejects.toThrow('smtp');
    await clock.advance(2 * hourMs);
    expect(mails).toHaveLength(1);
    isDown = false;
    await send(alarm(2));
    expect(mails[1]?.subject).toBe('[portcullis] Attack: Credential stuffing (OAT-008), and 1 more');
    expect(mails[1]?.text).toContain('Since the last mail:\n- Attack: Credential stuffing (OAT-008): 2 attempts');
    await clock.advance(10 * hourMs);
    expect(mails).toHaveLength(2);
  });

  it('is not held up for ever by a mailer that never answers a mail of its own', async () => {
    let hangs = false;
    let asked = 0;
    const { send, clock } = setup({ maxPerHour: 1, send: async () => { asked += 1; if (hangs) await new Promise(() => undefined); } });
    await send(alarm(1));
    await send(alarm(2));
    hangs = true;
    await clock.advance(hourMs + 60_000);
    expect(asked).toBe(2);
    hangs = false;
    await clock.advance(hourMs);
    await send(alarm(3));
    expect(asked).toBe(3);
  });

  it.each([
    [{ to: 'on-call@example.com\r\nBcc: x@example.com' }, 'mailSink.to: expected one e-mail address, got a string of 39 characters'],
    [{ to: 'a@example.com, b@example.com' }, 'mailSink.to: expected one e-mail address, got a string of 28 characters'],
    [{ to: 'nobody' }, 'mailSink.to: expected one e-mail address, got a string of 6 characters'],
    [{ send: undefined }, 'mailSink.send: expected a function, got nothing'],
    [{ maxPerHour: 0 }, 'mailSink.maxPerHour: expected a whole number from 1 to 60, got 0'],
    [{ keys: undefined }, 'mailSink.keys: expected what createKeyRing() makes, or reveal: true, got nothing'],
  ])('refuses options that are wrong: %#', (options, message) => {
    expect(() => mailSink({ send: async () => undefined, to: 'on-call@example.com', keys, ...options } as MailSinkOptions)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }) as Error);
    expect(mailSinkDefaults).toEqual({ maxPerHour: 6, reveal: false, name: 'mail' });
  });
});
