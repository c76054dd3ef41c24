import { execFileSync } from 'node:child_process';
import type { Page } from 'playwright-core';
import { startRangeServer, type RangeServer } from 'portcullis/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApp } from '../../examples/shared/start.ts';
import { mailSent, startExample } from '../examples/app-client.ts';
import { aheadClock, nextCode } from '../support/ahead-clock.ts';
import { hasDebian } from '../support/debian.ts';
import { clearScreenshots, openChromium, walks, type BrowserKit } from './browser-kit.ts';

const password = 'herons over quiet Malmo';
const other = 'eleven teacups in orbit';
const ops = 'ops@larkpost.example';
const kim = 'kim@forge.example';
const lee = 'lee@forge.example';
const minuteMs = 60_000;

describe.skipIf(!hasDebian('chromium') || !hasDebian('zbar-tools')).each(walks)('an incident in a browser: %s', (_walk, { startApp, window }) => {
  let range: RangeServer;
  let app: RunningApp;
  let kit: BrowserKit;
  let shots = 0;
  let secret = '';
  const clock = aheadClock();

  beforeAll(async () => {
    range = await startRangeServer({ passwords: new Map(), fillerRows: 20 });
    const users = [kim, lee, 'max@forge.example'].map((email) => ({ email, name: email.split('@')[0] ?? '', password }));
    const teams = [
      { name: 'Forge', users, contacts: [{ email: 'zoe@example.com', name: 'Zoe' }] },
      { name: 'Operations', users: [{ email: ops, name: 'Olu Operator', password, operator: true }], contacts: [] },
    ];
    app = await startExample(startApp, { unprotected: false, breachUrl: range.url, clock, seed: { teams } });
    // A folder of its own: another walk may be under way at the same time.
    const own = { ...window, name: `operator-${window.name}` };
    clearScreenshots(own);
    kit = await openChromium(app.url, own);
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

  async function open(page: Page, path: string): Promise<string> {
    await page.goto(path);
    return kit.heading(page);
  }

  async function signInOperator(page: Page): Promise<void> {
    expect(await open(page, '/operator')).toBe('Operators');
    await kit.fill(page, { 'Email address': ops, 'Password': password });
    expect(await kit.press(page, 'Sign in')).toBe('Second step');
    await kit.fill(page, { Code: nextCode(clock, secret) });
    expect(await kit.press(page, 'Sign in')).toBe('Operations');
  }

  it('lets an operator in once there is a second step', async () => {
    const page = await kit.newPage();
    expect(await open(page, '/operator')).toBe('Operators');
    await shot(page, 'sign-in');
    await kit.fill(page, { 'Email address': ops, 'Password': password });
    expect(await kit.press(page, 'Sign in')).toBe('Set up your second step');
    expect(await open(page, '/operator')).toBe('Set up your second step');
    await shot(page, 'enroll-first');
    await kit.press(page, 'Begin');
    await page.goto((await mailSent(app, ops, 'challenge')).link ?? '');
    await page.waitForURL('/challenge');
    await kit.press(page, 'Yes, this is me');
    await kit.press(page, 'Begin');
    const picture = await shot(page, 'enroll');
    secret = new URL(execFileSync('zbarimg', ['--nodbus', '-q', '--raw', picture]).toString().trim()).searchParams.get('secret') ?? '';
    await kit.fill(page, { 'Six digits': nextCode(clock, secret) });
    expect(await kit.press(page, 'Switch it on')).toBe('Keep your recovery codes');
    await page.getByRole('link', { name: 'I have kept them' }).click();
    await page.getByRole('link', { name: 'Operations' }).click();
    expect(await kit.heading(page)).toBe('Operations');
    await shot(page, 'operations');
    const member = await kit.newPage();
    await kit.signIn(member, kim, password);
    expect(await open(member, '/operator')).toBe('Page not found');
  });

  it('switches read-only on, which every page says and every form answers with', async () => {
    const [operator, member] = [await kit.newPage(), await kit.newPage()];
    expect(await kit.signIn(member, kim, password)).toBe('Contacts');
    await signInOperator(operator);
    await kit.fill(operator, { 'Why': 'We look into mails that our members have not sent.', 'For how many minutes (optional)': '90000' });
    expect(await kit.press(operator, 'Switch it on')).toBe('Operations');
    expect(await operator.getByRole('alert').innerText()).toContain('Minutes');
    await shot(operator, 'read-only-refused');
    await kit.fill(operator, { 'For how many minutes (optional)': '90' });
    await kit.press(operator, 'Switch it on');
    expect(await operator.getByRole('status').innerText()).toContain('Read-only is on');
    await shot(operator, 'read-only-on');

    expect(await open(member, '/contacts')).toBe('Contacts');
    const banner = member.getByRole('note', { name: 'Read-only' });
    expect(await banner.innerText()).toContain('We look into mails that our members have not sent. Planned until');
    expect(await banner.innerText()).not.toContain('Olu');
    await shot(member, 'member-banner');
    await kit.fill(member, { 'Email address': 'new@example.com', 'Name (optional)': 'New' });
    expect(await kit.press(member, 'Add')).toBe('Read-only for now');
    await open(member, '/campaigns');
    await kit.fill(member, { Subject: 'Bread & <butter>', Text: 'Fresh every day.\nCome and see.' });
    expect(await kit.press(member, 'Send to 1 contact')).toBe('Read-only for now');
    expect(await member.getByLabel('Text, as you typed it').inputValue()).toBe('Fresh every day.\nCome and see.');
    await shot(member, 'member-refused');
    for (const path of ['/campaigns', '/account', '/account/security', '/login']) {
      await open(member, path);
      expect(await banner.count()).toBe(1);
    }
    await operator.getByRole('button', { name: 'Switch it off' }).click();
    await operator.getByText('Read-only is off.').waitFor();
    await open(member, '/contacts');
    expect(await banner.count()).toBe(0);
  });

  it('is contained after a count, and everybody is out; the owner comes back by mail, reads, and writes once it is lifted', async () => {
    const [operator, member] = [await kit.newPage(), await kit.newPage()];
    expect(await kit.signIn(member, kim, password)).toBe('Contacts');
    await signInOperator(operator);
    await operator.getByRole('link', { name: 'Contain an attack' }).click();
    expect(await kit.heading(operator)).toBe('Contain an attack');
    await shot(operator, 'contain');
    await kit.fill(operator, { 'What happened': 'Somebody has signed in to accounts with stolen passwords.', 'Addresses of the attack (optional)': 'not an address' });
    expect(await kit.press(operator, 'Count first')).toBe('Contain an attack');
    await shot(operator, 'contain-refused');
    const began = new Date(clock.nowMs() - 24 * 60 * minuteMs).toISOString().slice(0, 16);
    await kit.fill(operator, { 'Addresses of the attack (optional)': '127.0.0.0/8', 'It began, UTC (optional)': began });
    await operator.getByRole('group', { name: 'Ask everybody for a second step' }).getByLabel('yes').check();
    expect(await kit.press(operator, 'Count first')).toBe('Contain it now?');
    // The member and the operator have signed in from there.
    expect(await operator.getByRole('listitem').allInnerTexts()).toContainEqual(expect.stringMatching(/^2\s+accounts are affected/));
    await shot(operator, 'dry-run');
    await member.reload();
    expect(await kit.heading(member)).toBe('Contacts');

    expect(await kit.press(operator, 'Contain it')).toBe('Containment has begun');
    await shot(operator, 'begun');
    await mailSent(app, 'max@forge.example', 'incident-notice');
    await member.reload();
    expect(await kit.heading(member)).toBe('Sign in');
    expect(await kit.signIn(member, kim, password)).toBe('Sign in');
    expect(await member.getByRole('note', { name: 'Read-only' }).innerText()).toContain('stolen passwords');
    await shot(member, 'member-out');
    await member.goto((await mailSent(app, kim, 'reset-password')).link ?? '');
    await kit.fill(member, { 'New password': other });
    expect(await kit.press(member, 'Save the new password')).toBe('Your new password is saved');
    await shot(member, 'member-reset');
    expect(await kit.signIn(member, kim, other)).toBe('Contacts');
    expect(await member.getByText('Your team asks for a second step').count()).toBe(1);
    await shot(member, 'member-reads');
    await kit.fill(member, { 'Email address': 'new@example.com' });
    expect(await kit.press(member, 'Add')).toBe('Read-only for now');
  });

  it('leaves the operator a password to replace, a report, and the way back', async () => {
    const [operator, member] = [await kit.newPage(), await kit.newPage()];
    await kit.signIn(member, kim, other);
    // The operator has come in from the attack's addresses too, and is treated alike.
    await operator.goto('/forgot');
    await kit.fill(operator, { 'Email address': ops });
    await kit.press(operator, 'Send the link');
    await operator.goto((await mailSent(app, ops, 'reset-password')).link ?? '');
    await kit.fill(operator, { 'New password': other });
    await kit.press(operator, 'Save the new password');
    await kit.fill(operator, { 'New password': other, 'Code of your second step': nextCode(clock, secret) });
    expect(await kit.press(operator, 'Save the new password')).toBe('Your new password is saved');
    await open(operator, '/operator');
    await kit.fill(operator, { 'Email address': ops, 'Password': other });
    await kit.press(operator, 'Sign in');
    await kit.fill(operator, { Code: nextCode(clock, secret) });
    expect(await kit.press(operator, 'Sign in')).toBe('Operations');
    await shot(operator, 'operations-contained');
    await operator.getByRole('link', { name: 'Somebody has signed in to accounts with stolen passwords.' }).click();
    expect(await kit.heading(operator)).toBe('Somebody has signed in to accounts with stolen passwords.');
    await shot(operator, 'incident');
    const address = operator.url();
    await operator.getByRole('link', { name: 'page', exact: true }).click();
    expect(await operator.getByRole('heading', { level: 2 }).first().innerText()).toBe('Timeline');
    await shot(operator, 'report');
    await operator.goto(address);
    await kit.press(operator, 'Lift read-only');
    expect(await operator.getByRole('status').innerText()).toContain('people can write again');
    await shot(operator, 'lifted');
    await open(member, '/contacts');
    await kit.fill(member, { 'Email address': 'new@example.com' });
    expect(await kit.press(member, 'Add')).toBe('Contacts');
    expect(await member.getByRole('cell', { name: 'new@example.com' }).count()).toBe(1);
  });

  it('is not needed to end a session of one\'s own in another browser', async () => {
    const [desk, stolen, third] = [await kit.newPage(), await kit.newPage(), await kit.newPage()];
    for (const page of [desk, stolen, third]) expect(await kit.signIn(page, lee, password)).toBe('Contacts');
    expect(await open(desk, '/account/security')).toBe('Security');
    expect(await desk.getByText('this session').count()).toBe(1);
    await shot(desk, 'own-sessions');
    await desk.locator('#sessions').getByRole('button', { name: /^End Chrome/ }).first().click();
    await desk.getByText('That session has ended.').waitFor();
    await Promise.all([stolen.reload(), third.reload()]);
    expect([await kit.heading(stolen), await kit.heading(third)].sort()).toEqual(['Contacts', 'Sign in']);
    await desk.getByRole('button', { name: 'End all others' }).click();
    await desk.getByText('All your other sessions have ended.').waitFor();
    await shot(desk, 'own-sessions-ended');
    await Promise.all([stolen.reload(), third.reload()]);
    expect([await kit.heading(stolen), await kit.heading(third)]).toEqual(['Sign in', 'Sign in']);
    await desk.reload();
    expect(await kit.heading(desk)).toBe('Security');
  });

  it('is one page away from a new password, where an operator asks for one', async () => {
    const [operator, member] = [await kit.newPage({ javaScriptEnabled: false }), await kit.newPage({ javaScriptEnabled: false })];
    expect(await open(operator, '/operator')).toBe('Operators');
    await kit.fill(operator, { 'Email address': ops, 'Password': other });
    await kit.press(operator, 'Sign in');
    await kit.fill(operator, { Code: nextCode(clock, secret) });
    expect(await kit.press(operator, 'Sign in')).toBe('Operations');
    await kit.fill(operator, { 'Email address of one account': lee });
    await operator.getByLabel('ask for another password at the next sign-in').check();
    await kit.press(operator, 'Do it');
    await shot(operator, 'account-done');
    expect(await kit.signIn(member, lee, password)).toBe('Choose a new password');
    expect(await open(member, '/contacts')).toBe('Choose a new password');
    await shot(member, 'change-first');
    await kit.fill(member, { 'Current password': password, 'New password': password });
    expect(await kit.press(member, 'Save the new password')).toBe('Choose a new password');
    await shot(member, 'change-first-refused');
    await kit.fill(member, { 'Current password': password, 'New password': other });
    expect(await kit.press(member, 'Save the new password')).toBe('Your password is changed');
    expect(await open(member, '/contacts')).toBe('Contacts');
    expect(await open(operator, '/operator/sessions')).toBe('End everybody\'s sessions?');
    await shot(operator, 'end-everything');
    expect(await kit.press(operator, 'End all sessions')).toBe('Operators');
    await member.reload();
    expect(await kit.heading(member)).toBe('Sign in');
  });
});
