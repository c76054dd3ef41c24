import { startRangeServer, type RangeServer } from 'portcullis/testing';
import type { Page, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApp } from '../../examples/shared/start.ts';
import { mailSent, startExample } from '../examples/app-client.ts';
import { hasDebian } from '../support/debian.ts';
import { openChromium, walks, type BrowserKit } from './browser-kit.ts';

const first = 'herons over quiet Malmo';
const second = 'eleven teacups in orbit';
const third = 'seven barrels of old fog';
const leaked = 'gravel moon sings to nobody';

describe.skipIf(!hasDebian('chromium')).each(walks)('the protected example in a browser: %s', (_walk, { startApp, window }) => {
  let range: RangeServer;
  let app: RunningApp;
  let kit: BrowserKit;

  beforeAll(async () => {
    range = await startRangeServer({ passwords: new Map([[leaked, 12]]), fillerRows: 20 });
    const users = ['sam', 'kim', 'lee'].map((name) => ({ email: `${name}@bakery.example`, name, password: first }));
    const contacts = [{ email: 'somebody-with-a-very-long-name-indeed@a-subdomain.of-a-rather-long-domain.example.com', name: 'Somebody' }];
    app = await startExample(startApp, { unprotected: false, breachUrl: range.url, seed: { teams: [{ name: 'Bakery', users, contacts }] } });
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

  const newPage = (options?: BrowserContextOptions): Promise<Page> => kit.newPage(options);
  const heading = (page: Page): Promise<string> => kit.heading(page);
  const press = (page: Page, button: string): Promise<string> => kit.press(page, button);
  const fill = (page: Page, entries: Readonly<Record<string, string>>): Promise<void> => kit.fill(page, entries);
  const signIn = (page: Page, email: string, password: string): Promise<string> => kit.signIn(page, email, password);
  const signOut = (page: Page): Promise<void> => kit.signOut(page);

  it('lets somebody sign up by the link of the mail, and opening the link alone confirms nothing', async () => {
    const email = 'ada@bakery.example';
    const page = await newPage();
    await page.goto('/');
    await page.getByRole('main').getByRole('link', { name: 'Start a team' }).click();
    await fill(page, { 'Your name': 'Ada', 'Name of the team': 'Ada & daughters', 'Email address': email, 'Password': first });
    expect(await press(page, 'Sign up')).toBe('Check your mail');
    const { id, link = '' } = await mailSent(app, email, 'confirm-sign-up');
    expect(link).toContain('/confirm#token=');

    await page.getByRole('main').getByRole('link', { name: 'Open the development inbox' }).click();
    expect(await heading(page)).toBe('Development inbox');
    await page.goto(`/mails/${id}`);
    await page.getByRole('link', { name: link }).click();
    await page.waitForURL('/confirm');
    expect(await heading(page)).toBe('Confirm your address');
    expect(await page.evaluate<string>('location.href')).toBe(`${app.url}/confirm`);
    expect(await page.getByText('One click, and your account is open.').isVisible()).toBe(true);
    expect(await page.getByLabel('Code from the mail').isVisible()).toBe(false);
    expect(app.context.data.users.byEmail(email)).toBe(undefined);

    expect(await press(page, 'Confirm my address')).toBe('Your account is open');
    expect(app.context.data.users.byEmail(email)).toMatchObject({ status: 'active', teamName: 'Ada & daughters' });
    await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
    await fill(page, { 'Email address': email, 'Password': first });
    expect(await press(page, 'Sign in')).toBe('Contacts');
    expect(await page.evaluate<string>('document.cookie')).toBe('');
  });

  it('lets somebody change the password, which ends the session elsewhere, and sign out', async () => {
    const email = 'sam@bakery.example';
    const [page, elsewhere] = [await newPage(), await newPage()];
    expect(await signIn(page, email, 'not my password')).toBe('Sign in');
    expect(await page.getByRole('alert').innerText()).toContain('That did not work.');
    await fill(page, { 'Email address': email, 'Password': first });
    expect(await press(page, 'Sign in')).toBe('Contacts');
    await signIn(elsewhere, email, first);
    for (const section of ['Campaigns', 'Team', 'Account']) {
      await page.getByRole('navigation').getByRole('link', { name: section }).click();
      await heading(page);
    }
    await fill(page, { 'Current password': 'not my password', 'New password': second });
    expect(await press(page, 'Change the password')).toBe('Password not changed');
    await page.getByRole('link', { name: 'Back to the account' }).click();
    await fill(page, { 'Current password': first, 'New password': second });
    expect(await press(page, 'Change the password')).toBe('Your password is changed');
    await elsewhere.reload();
    expect(await heading(elsewhere)).toBe('Sign in');
    await signOut(page);
    await page.goto('/contacts');
    expect(await heading(page)).toBe('Sign in');
    expect(await signIn(page, email, second)).toBe('Contacts');
  });

  it('lets somebody without JavaScript choose a new password by the code of the mail', async () => {
    const email = 'kim@bakery.example';
    const page = await newPage({ javaScriptEnabled: false });
    await page.goto('/login');
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    await fill(page, { 'Email address': email });
    expect(await press(page, 'Send the link')).toBe('Check your mail');
    const { code = '', link = '' } = await mailSent(app, email, 'reset-password');
    // The link shows the form for the code: the token in it stays in the address bar, where no server sees it.
    await page.goto(link);
    await fill(page, { 'Email address': email, 'Code from the mail': code.toLowerCase(), 'New password': leaked });
    expect(await press(page, 'Save the new password')).toBe('Choose a new password');
    expect(await page.getByRole('alert').innerText()).toContain('known from a data leak');
    await fill(page, { 'New password': second });
    expect(await press(page, 'Save the new password')).toBe('Your new password is saved');
    expect(await signIn(page, email, second)).toBe('Contacts');
    await signOut(page);
  });

  it('keeps what was typed, and the token of the link, when a password is rejected', async () => {
    const page = await newPage();
    await page.goto('/signup');
    await fill(page, { 'Your name': 'Bo <b>', 'Name of the team': 'Bo & Co', 'Email address': 'bo@bakery.example', 'Password': 'passwordpassword' });
    expect(await press(page, 'Sign up')).toBe('Start a team');
    expect(await page.getByRole('alert').getByRole('listitem').count()).toBeGreaterThan(1);
    const typed = await Promise.all(['Your name', 'Name of the team', 'Email address', 'Password'].map((label) => page.getByLabel(label, { exact: true }).inputValue()));
    expect(typed).toEqual(['Bo <b>', 'Bo & Co', 'bo@bakery.example', '']);
    await fill(page, { Password: first });
    expect(await press(page, 'Sign up')).toBe('Check your mail');

    await page.goto('/forgot');
    await fill(page, { 'Email address': 'lee@bakery.example' });
    await press(page, 'Send the link');
    await page.goto((await mailSent(app, 'lee@bakery.example', 'reset-password')).link ?? '');
    await fill(page, { 'New password': 'passwordpassword' });
    expect(await press(page, 'Save the new password')).toBe('Choose a new password');
    await fill(page, { 'New password': third });
    expect(await press(page, 'Save the new password')).toBe('Your new password is saved');
    expect(await signIn(page, 'lee@bakery.example', third)).toBe('Contacts');
  });

  it('takes the token of a link that is opened where its page is open already', async () => {
    const page = await newPage();
    await page.goto('/confirm');
    await page.evaluate("location.hash = '#token=one-that-is-wrong'");
    await page.getByText('One click, and your account is open.').waitFor();
    expect(new URL(page.url()).hash).toBe('');
    expect(await press(page, 'Confirm my address')).toBe('Confirm your address');
    expect(await page.getByRole('alert').innerText()).toContain('wrong, used or too old');
  });

  it('shows and hides a password by its button, and hides it before it is sent', async () => {
    const page = await newPage();
    await page.goto('/login');
    const field = page.getByLabel('Password', { exact: true });
    await field.fill(first);
    expect(await field.getAttribute('type')).toBe('password');
    await page.getByRole('button', { name: 'Show the password' }).click();
    expect([await field.getAttribute('type'), await field.inputValue()]).toEqual(['text', first]);
    await page.getByRole('button', { name: 'Hide the password' }).click();
    expect(await field.getAttribute('type')).toBe('password');
    await page.getByRole('button', { name: 'Show the password' }).click();
    await page.evaluate("document.querySelector('form').addEventListener('submit', (event) => event.preventDefault())");
    await fill(page, { 'Email address': 'sam@bakery.example' });
    await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
    expect(await field.getAttribute('type')).toBe('password');
  });

  it('refuses what a page of another site sends, in words', async () => {
    const page = await newPage();
    await page.setContent(`<form method="post" action="${app.url}/login"><input name="email" value="sam@bakery.example"><input name="password"><button>Win a prize</button></form>`);
    await page.getByRole('button').click();
    await page.waitForURL('/login');
    expect(await heading(page)).toBe('Request refused');
  });

  it('shows refusals as pages of the app, with a way on', async () => {
    const page = await newPage();
    await page.goto('/nowhere');
    expect(await heading(page)).toBe('Page not found');
    for (let attempt = 0; attempt < 5; attempt += 1) expect(await signIn(page, 'guessed@bakery.example', `guess ${attempt}`)).toBe('Sign in');
    expect(await signIn(page, 'guessed@bakery.example', 'one more')).toBe('Too many attempts');
    await page.getByRole('main').getByRole('link', { name: 'Home' }).click();
    expect(await heading(page)).toBe('Mailing lists for small teams');
  });
});
