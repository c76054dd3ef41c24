import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { startRangeServer, type RangeServer } from 'portcullis/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApp } from '../../examples/shared/start.ts';
import { mailSent, startExample } from '../examples/app-client.ts';
import { aheadClock, nextCode } from '../support/ahead-clock.ts';
import { hasDebian } from '../support/debian.ts';
import { codeAt } from '../support/person.ts';
import { clearScreenshots, openChromium, walks, type BrowserKit } from './browser-kit.ts';

const password = 'herons over quiet Malmo';
const dana = 'dana@dairy.example';
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

describe.skipIf(!hasDebian('chromium') || !hasDebian('zbar-tools')).each(walks)('the second step in a browser: %s', (_walk, { startApp, window }) => {
  let range: RangeServer;
  let app: RunningApp;
  let kit: BrowserKit;
  let shots = 0;
  const clock = aheadClock();

  beforeAll(async () => {
    range = await startRangeServer({ passwords: new Map(), fillerRows: 20 });
    const users = ['kim', 'lee', 'max'].map((name) => ({ email: `${name}@forge.example`, name, password }));
    app = await startExample(startApp, { unprotected: false, breachUrl: range.url, clock, seed: { teams: [{ name: 'Forge', users, contacts: [] }, { name: 'Dairy', users: [{ email: dana, name: 'Dana', password }, { email: 'pia@dairy.example', name: 'Pia', password }], contacts: [] }] } });
    clearScreenshots(window);
    kit = await openChromium(app.url, window);
  }, 60_000);

  afterAll(async () => {
    await kit.browser.close();
    await app.close();
    await range.close();
  });

  afterEach(async () => {
    for (const context of kit.browser.contexts()) await context.close();
    expect(kit.complaints()).toEqual([]);
  });

  async function shot(page: Page, name: string): Promise<string> {
    shots += 1;
    return kit.screenshot(page, `${String(shots).padStart(2, '0')}-${name}`);
  }

  /** Reads the QR code off a picture of the page, with a reader that is not ours. */
  function scanned(picture: string): URL {
    return new URL(execFileSync('zbarimg', ['--nodbus', '-q', '--raw', picture]).toString().trim());
  }

  async function openMailedLink(page: Page, email: string): Promise<void> {
    const { link = '' } = await mailSent(app, email, 'challenge');
    await page.goto(link);
    await page.waitForURL('/challenge');
  }

  /** From the security page to an authenticator that works. Answers its secret and the recovery codes. */
  async function enroll(page: Page, email: string, name: string): Promise<{ readonly secret: string; readonly codes: readonly string[] }> {
    await page.getByRole('main').getByRole('button', { name: /Set up an authenticator app|Begin/ }).click();
    if ((await kit.heading(page)) === 'Check your mail') {
      await openMailedLink(page, email);
      await kit.press(page, 'Yes, this is me');
      await page.getByLabel('What do you call the phone?').fill(name);
      await page.getByRole('main').getByRole('button', { name: /Set up an authenticator app|Begin/ }).click();
    }
    expect(await kit.heading(page)).toBe('Set up an authenticator app');
    const secret = scanned(await shot(page, `enroll-${name}`)).searchParams.get('secret') ?? '';
    await kit.fill(page, { 'Six digits': nextCode(clock, secret) });
    expect(await kit.press(page, 'Switch it on')).toBe('Keep your recovery codes');
    const codes = await page.getByRole('listitem').allInnerTexts();
    await page.getByRole('link', { name: 'I have kept them' }).click();
    return { secret, codes };
  }

  it('is set up after the link of a mail, asked for at sign-in, and a recovery code does it too', async () => {
    const email = 'ada@bakery.example';
    const page = await kit.newPage({ acceptDownloads: true });
    await page.goto('/signup');
    await kit.fill(page, { 'Your name': 'Ada', 'Name of the team': 'Bakery', 'Email address': email, 'Password': password });
    await kit.press(page, 'Sign up');
    await page.goto((await mailSent(app, email, 'confirm-sign-up')).link ?? '');
    await kit.press(page, 'Confirm my address');
    expect(await kit.signIn(page, email, password)).toBe('Contacts');
    await page.getByRole('link', { name: 'Account', exact: true }).click();
    await shot(page, 'account');
    await page.getByRole('link', { name: 'Set up a second step' }).click();
    expect(await kit.heading(page)).toBe('Security');
    await shot(page, 'security-empty');

    await page.getByLabel('What do you call the phone?').fill('my phone');
    expect(await kit.press(page, 'Set up an authenticator app')).toBe('Check your mail');
    await shot(page, 'challenge-sent');
    // In another browser the link is worth nothing.
    const elsewhere = await kit.newPage();
    await openMailedLink(elsewhere, email);
    expect(await kit.press(elsewhere, 'Yes, this is me')).toBe('That link does not work');
    await shot(elsewhere, 'challenge-failed');
    await openMailedLink(page, email);
    expect(await kit.heading(page)).toBe('Is this you?');
    await shot(page, 'challenge');
    expect(await kit.press(page, 'Yes, this is me')).toBe('Security');
    expect(await page.getByRole('status').innerText()).toContain('Thank you, it is you');
    await shot(page, 'security-confirmed');

    await page.getByLabel('What do you call the phone?').fill('my phone');
    expect(await kit.press(page, 'Set up an authenticator app')).toBe('Set up an authenticator app');
    const uri = scanned(await shot(page, 'enroll'));
    const secret = uri.searchParams.get('secret') ?? '';
    expect([uri.protocol, uri.searchParams.get('issuer')]).toEqual(['otpauth:', 'Larkpost']);
    expect((await page.locator('code').innerText()).replaceAll(' ', '')).toBe(secret);
    expect([page.url(), await page.title()].join(' ')).not.toContain(secret);

    await kit.fill(page, { 'Six digits': '000000' });
    expect(await kit.press(page, 'Switch it on')).toBe('Enter the code that the app shows');
    expect(await page.getByRole('alert').innerText()).toContain('not right');
    await shot(page, 'enroll-again');
    await kit.fill(page, { 'Six digits': codeAt(secret, clock.nowMs()) });
    expect(await kit.press(page, 'Switch it on')).toBe('Keep your recovery codes');
    await shot(page, 'recovery-codes');
    const codes = await page.getByRole('listitem').allInnerTexts();
    expect(codes).toHaveLength(10);
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    const file = readFileSync(await (await downloading).path(), 'utf8');
    for (const code of codes) expect(file).toContain(code);
    await page.getByRole('link', { name: 'I have kept them' }).click();
    expect(await kit.heading(page)).toBe('Security');
    await shot(page, 'security');

    await kit.signOut(page);
    expect(await kit.signIn(page, email, password)).toBe('Second step');
    await shot(page, 'login-code');
    await page.goto('/contacts');
    expect(await kit.heading(page)).toBe('Sign in');
    await kit.signIn(page, email, password);
    await kit.fill(page, { Code: '000000' });
    expect(await kit.press(page, 'Sign in')).toBe('Second step');
    expect(await page.getByRole('alert').innerText()).toContain('wrong, used or too old');
    await shot(page, 'login-code-wrong');
    await kit.fill(page, { Code: nextCode(clock, secret) });
    expect(await kit.press(page, 'Sign in')).toBe('Contacts');

    await kit.signOut(page);
    await kit.signIn(page, email, password);
    await kit.fill(page, { Code: codes[0] ?? '' });
    expect(await kit.press(page, 'Sign in')).toBe('Security');
    expect(await page.getByText('You have 9 left').isVisible()).toBe(true);
    await shot(page, 'recovery-code-used');
    await kit.signOut(page);
    await kit.signIn(page, email, password);
    await kit.fill(page, { Code: codes[0] ?? '' });
    expect(await kit.press(page, 'Sign in')).toBe('Second step');
    await kit.fill(page, { Code: nextCode(clock, secret) });
    await page.getByLabel('Remember this browser for 30 days').check();
    expect(await kit.press(page, 'Sign in')).toBe('Contacts');
    await kit.signOut(page);
    expect(await kit.signIn(page, email, password)).toBe('Contacts');

    // A remembered browser is no fresh proof: a code is asked for before the codes are replaced.
    await page.goto('/account/security');
    expect(await kit.press(page, 'Make new codes')).toBe('Is it you?');
    await shot(page, 'step-up');
    await kit.fill(page, { Code: nextCode(clock, secret) });
    expect(await kit.press(page, 'Go on')).toBe('Security');
    await shot(page, 'stepped-up');
    expect(await kit.press(page, 'Make new codes')).toBe('Keep your recovery codes');
    await shot(page, 'recovery-codes-new');
  });

  it('becomes mandatory by the team\'s administrator, who sees first whom it concerns', async () => {
    const [admin, member] = [await kit.newPage(), await kit.newPage()];
    expect(await kit.signIn(admin, 'kim@forge.example', password)).toBe('Contacts');
    expect(await kit.signIn(member, 'lee@forge.example', password)).toBe('Contacts');
    await member.goto('/team');
    expect(await member.getByText('Second step for everybody').count()).toBe(0);
    await admin.goto('/team');
    expect(await admin.getByText('3 of 3').isVisible()).toBe(true);
    await shot(admin, 'team-preview');
    await admin.getByLabel('for 7 days').check();
    expect(await kit.press(admin, 'Ask everybody for a second step')).toBe('Forge');
    await shot(admin, 'team-on');

    await member.goto('/contacts');
    expect(await member.getByText('Your team asks for a second step from').isVisible()).toBe(true);
    await shot(member, 'member-reminded');
    await member.getByRole('link', { name: 'Set it up' }).click();
    expect(await kit.heading(member)).toBe('Security');
    await shot(member, 'security-due');

    // The deadline has come, and whoever signs in now reaches nothing but the enrollment.
    clock.pass(7 * dayMs + minuteMs);
    await member.goto('/contacts');
    expect(await kit.heading(member)).toBe('Set up your second step');
    await shot(member, 'enroll-first');
    const newcomer = await kit.newPage();
    expect(await kit.signIn(newcomer, 'max@forge.example', password)).toBe('Set up your second step');
    for (const path of ['/contacts', '/contacts/export.csv', '/campaigns', '/team', '/account']) {
      await newcomer.goto(path);
      expect(await kit.heading(newcomer)).toBe('Set up your second step');
    }
    const { secret } = await enroll(newcomer, 'max@forge.example', 'newcomer');
    expect(await kit.heading(newcomer)).toBe('Security');
    await newcomer.goto('/contacts');
    expect(await kit.heading(newcomer)).toBe('Contacts');
    await kit.signOut(newcomer);
    expect(await kit.signIn(newcomer, 'max@forge.example', password)).toBe('Second step');
    await kit.fill(newcomer, { Code: nextCode(clock, secret) });
    expect(await kit.press(newcomer, 'Sign in')).toBe('Contacts');
    await newcomer.goto('/account/security');
    // The last one stays, while the team asks for one.
    expect(await newcomer.getByRole('button', { name: 'Remove' }).count()).toBe(0);
    expect(await newcomer.getByText('add another first').isVisible()).toBe(true);
    await shot(newcomer, 'security-last');

    // The administrator is bound too.
    expect(await kit.signIn(admin, 'kim@forge.example', password)).toBe('Set up your second step');
    await enroll(admin, 'kim@forge.example', 'admin');
    await admin.goto('/team');
    await shot(admin, 'team-in-force');
    await admin.getByRole('link', { name: 'Remove it from max' }).click();
    expect(await kit.heading(admin)).toBe('Remove the second step of max?');
    await shot(admin, 'team-remove');
    expect(await kit.press(admin, 'Remove it')).toBe('Forge');
    await shot(admin, 'team-removed');
    await newcomer.goto('/contacts');
    expect(await kit.heading(newcomer)).toBe('Sign in');
    expect(await kit.signIn(newcomer, 'max@forge.example', password)).toBe('Set up your second step');
  });

  it('goes on when a phone is lost, a password is forgotten or an address changes', async () => {
    const page = await kit.newPage();
    expect(await kit.signIn(page, dana, password)).toBe('Contacts');
    await page.goto('/account/security');
    const { secret, codes } = await enroll(page, dana, 'lost phone');
    await page.getByText('Add another one').click();
    await shot(page, 'add-another');
    expect(await kit.press(page, 'Report lost lost phone')).toBe('It is changed');
    await shot(page, 'factor-changed');
    await page.getByRole('link', { name: 'Back to the security page' }).click();
    expect(await page.getByText(/Reported lost \d/).isVisible()).toBe(true);
    await shot(page, 'security-lost');
    await kit.signOut(page);
    expect(await kit.signIn(page, dana, password)).toBe('Second step');
    expect(await page.getByRole('note').innerText()).toContain('cannot be used');
    await shot(page, 'login-code-recovery-only');
    for (const code of codes.slice(0, 8)) {
      await kit.signIn(page, dana, password);
      await kit.fill(page, { 'Recovery code': code.toLowerCase().replaceAll('-', ' ') });
      expect(await kit.press(page, 'Sign in')).toBe('Security');
    }
    expect(await page.getByText('Only 2 of your recovery codes are left.').isVisible()).toBe(true);
    await shot(page, 'two-codes-left');
    await kit.press(page, 'Use again lost phone');

    await page.goto('/account');
    await kit.fill(page, { 'New email address': 'dana@new.example' });
    expect(await kit.press(page, 'Send the link')).toBe('Check your mail');
    await shot(page, 'email-change-sent');
    await page.goto((await mailSent(app, 'dana@new.example', 'confirm-email-change')).link ?? '');
    expect(await kit.heading(page)).toBe('Confirm your new address');
    await shot(page, 'confirm-email');
    expect(await kit.press(page, 'Use the new address')).toBe('Your address is changed');
    await shot(page, 'email-changed');

    clock.pass(16 * minuteMs);
    await page.goto('/campaigns');
    await kit.fill(page, { Subject: 'Milk', Text: 'Fresh every day.' });
    expect(await kit.press(page, 'Send to 0 contacts')).toBe('Is it you?');
    await shot(page, 'step-up-both');
    await kit.fill(page, { Password: 'not my password', Code: '000000' });
    expect(await kit.press(page, 'Go on')).toBe('Is it you?');
    await shot(page, 'step-up-failed');
    await kit.fill(page, { Password: password, Code: nextCode(clock, secret) });
    expect(await kit.press(page, 'Go on')).toBe('Campaigns');
    expect(await page.getByLabel('Text').inputValue()).toBe('Fresh every day.');
    await shot(page, 'draft-kept');

    await page.goto('/forgot');
    await kit.fill(page, { 'Email address': 'dana@new.example' });
    await kit.press(page, 'Send the link');
    await page.goto((await mailSent(app, 'dana@new.example', 'reset-password')).link ?? '');
    await kit.fill(page, { 'New password': 'eleven teacups in orbit' });
    expect(await kit.press(page, 'Save the new password')).toBe('Choose a new password');
    await shot(page, 'reset-second-step');
    await kit.fill(page, { 'New password': 'eleven teacups in orbit', 'Code of your second step': nextCode(clock, secret) });
    expect(await kit.press(page, 'Save the new password')).toBe('Your new password is saved');
  });

  it('is missed by a new address, which takes the old mailbox first', async () => {
    const email = 'pia@dairy.example';
    const page = await kit.newPage();
    await kit.signIn(page, email, password);
    await page.goto('/account');
    await kit.fill(page, { 'New email address': 'pia@new.example' });
    expect(await kit.press(page, 'Send the link')).toBe('Check your mail');
    await shot(page, 'email-change-challenge');
    await openMailedLink(page, email);
    expect(await kit.press(page, 'Yes, this is me')).toBe('Account');
    expect(await page.getByRole('status').innerText()).toContain('Thank you, it is you');
    await kit.fill(page, { 'New email address': 'pia@new.example' });
    expect(await kit.press(page, 'Send the link')).toBe('Check your mail');
    expect((await mailSent(app, 'pia@new.example', 'confirm-email-change')).link).toContain('/confirm-email#token=');
  });

  it('shows somebody whose password is stolen how to shut the thief out', async () => {
    const email = 'eve@harbour.example';
    const thief = await kit.newPage();
    await thief.goto('/signup');
    await kit.fill(thief, { 'Your name': 'Eve', 'Name of the team': 'Harbour', 'Email address': email, 'Password': password });
    await kit.press(thief, 'Sign up');
    await thief.goto((await mailSent(app, email, 'confirm-sign-up')).link ?? '');
    await kit.press(thief, 'Confirm my address');
    await kit.signIn(thief, email, password);
    await thief.goto('/account/security');
    await kit.press(thief, 'Set up an authenticator app');
    const owner = await kit.newPage();
    const mail = await mailSent(app, email, 'challenge');
    await owner.goto(`/mails/${mail.id}`);
    await shot(owner, 'mail-challenge');
    await owner.getByRole('link', { name: '/not-me#token=' }).click();
    await owner.waitForURL('/not-me');
    expect(await kit.heading(owner)).toBe('Somebody else has your password?');
    await shot(owner, 'not-me');
    expect(await kit.press(owner, 'This was not me')).toBe('They are stopped');
    await shot(owner, 'not-me-done');
    await thief.goto('/contacts');
    expect(await kit.heading(thief)).toBe('Sign in');
  });

  it('is set up and used without JavaScript, by keyboard alone', async () => {
    const email = 'noa@mill.example';
    const page = await kit.newPage({ javaScriptEnabled: false });
    await typeInto(page, '/signup', ['Noa', 'Mill', email, password]);
    const { code = '' } = await mailSent(app, email, 'confirm-sign-up');
    await typeInto(page, '/confirm', [email, code]);
    await typeInto(page, '/login', [email, password]);
    expect(await kit.heading(page)).toBe('Contacts');
    await typeInto(page, '/account/security', ['old phone']);
    expect(await kit.heading(page)).toBe('Check your mail');
    const { link = '' } = await mailSent(app, email, 'challenge');
    await typeInto(page, '/challenge', [link]);
    expect(await kit.heading(page)).toBe('Security');
    await typeInto(page, '/account/security', ['old phone']);
    expect(await kit.heading(page)).toBe('Set up an authenticator app');
    const secret = scanned(await shot(page, 'enroll-without-javascript')).searchParams.get('secret') ?? '';
    await typeInto(page, undefined, [nextCode(clock, secret)]);
    expect(await kit.heading(page)).toBe('Keep your recovery codes');
    expect(await page.getByRole('button', { name: 'Download' }).count()).toBe(0);
    await shot(page, 'recovery-codes-without-javascript');
    await kit.signOut(page);
    await typeInto(page, '/login', [email, password]);
    expect(await kit.heading(page)).toBe('Second step');
    await typeInto(page, undefined, [nextCode(clock, secret)]);
    expect(await kit.heading(page)).toBe('Contacts');
  });

  /** As somebody without a mouse: over the link that skips the navigation, through the fields in order, and Enter. */
  async function typeInto(page: Page, path: string | undefined, values: readonly string[]): Promise<void> {
    if (path !== undefined) await page.goto(path);
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    for (const value of values) {
      do await page.keyboard.press('Tab');
      while ((await page.locator('input:focus:not([readonly])').count()) === 0);
      expect(await page.evaluate<string>("getComputedStyle(document.querySelector(':focus-visible')).outlineStyle")).toBe('solid');
      await page.keyboard.type(value);
    }
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
  }
});
