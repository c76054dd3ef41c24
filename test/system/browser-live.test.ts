import type { Page } from 'playwright-core';
import { startRangeServer, type RangeServer } from 'portcullis/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sessionCookie } from '../../examples/shared/sessions.ts';
import type { RunningApp } from '../../examples/shared/start.ts';
import { startExample, type Client } from '../examples/app-client.ts';
import { attack, liveSeed, operatorsOf, ops } from '../examples/live-page-kit.ts';
import { aheadClock, type AheadClock } from '../support/ahead-clock.ts';
import { hasDebian } from '../support/debian.ts';
import { clearScreenshots, openChromium, walks, type BrowserKit } from './browser-kit.ts';

const minuteMs = 60_000;
/** What a stranger would have run on the operator's page. */
const hostile = '"><img/src=x/onerror="hacked=1">\'@seed.example';

describe.skipIf(!hasDebian('chromium')).each(walks)('the live page in a browser: %s', (_walk, { startApp, window }) => {
  let range: RangeServer;
  let app: RunningApp;
  let kit: BrowserKit;
  let clock: AheadClock;
  let operators: ReturnType<typeof operatorsOf>;

  beforeAll(async () => {
    range = await startRangeServer({ passwords: new Map(), fillerRows: 20 });
    clock = aheadClock();
    app = await startExample(startApp, { unprotected: false, breachUrl: range.url, clock, seed: liveSeed });
    operators = operatorsOf(app, clock);
    const own = { ...window, name: `live-${window.name}` };
    clearScreenshots(own);
    kit = await openChromium(app.url, own);
    quietHour();
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

  /** An ordinary hour: members who sign in, mistype and ask for a new password. */
  function quietHour(): void {
    const emit = app.portcullis?.emit;
    for (let minute = 0; minute < 58; minute += 1) {
      for (let one = 0; one < 3 + (minute * 7) % 5; one += 1) {
        const subject = { accountId: `member-${minute}-${one}`, address: `198.51.${minute}.${one + 1}` };
        emit?.({ type: 'sign-in.succeeded', pathway: 'password', proofs: ['password'], stage: 'full', knownDevice: true, ...subject });
        if (one === 1) emit?.({ type: 'sign-in.failed', reason: 'wrong-password', knownDevice: true, ...subject });
        if (one === 2) emit?.({ type: 'sign-in.pending', pathway: 'password', needs: 'second-factor', ...subject });
      }
      clock.pass(minuteMs);
    }
  }

  async function pageOf(client: Client, options: { readonly javaScriptEnabled?: boolean } = {}): Promise<Page> {
    const page = await kit.newPage(options);
    const value = new RegExp(`${sessionCookie.name}=([^;]+)`).exec(client.cookie())?.[1] ?? '';
    await page.context().addCookies([{ name: sessionCookie.name, value, url: app.url }]);
    await page.addInitScript("addEventListener('securitypolicyviolation', (event) => console.error('CSP', event.violatedDirective))");
    return page;
  }

  it('shows calm, moves, and shows an attack while it goes on; the alarm leads to its containment', async () => {
    const page = await pageOf(await operators.signIn());
    await page.goto('/operator/live');
    expect(await kit.heading(page)).toBe('Live');
    await page.getByText('Live,').waitFor();
    expect(await page.locator('.level-word').innerText()).toBe('Calm');
    const bars = page.locator('.plot .attempts');
    const before = await bars.getAttribute('d');
    await expect.poll(() => bars.getAttribute('d'), { timeout: 20_000 }).not.toBe(before);
    await kit.screenshot(page, '1 calm');

    const { users } = app.context.data;
    const ada = users.byEmail('ada@seed.example');
    users.replaceEmail({ id: ada?.id ?? '', previousEmail: 'ada@seed.example', email: hostile });
    const names = ['bea', 'cleo', ...Array.from({ length: 14 }, (_, at) => `person${at}`)].map((name) => `${name}@seed.example`);
    for (const host of [1, 2, 3]) await attack(app, { address: `127.9.0.${host}`, names });
    // Somebody who came in, as the monitor hears of it.
    app.portcullis?.emit({ type: 'sign-in.succeeded', pathway: 'password', proofs: ['password'], stage: 'full', knownDevice: false, accountId: ada?.id ?? '', address: '127.9.0.1' });

    const alarm = page.locator('#alarms li').first();
    await alarm.waitFor({ timeout: 20_000 });
    await page.getByText(hostile).first().waitFor({ timeout: 20_000 });
    expect(await page.locator('.level').getAttribute('data-level')).not.toBe('calm');
    expect(await page.title()).toMatch(/^\((Elevated|Attack)\) Live/);
    expect(await page.locator('#sources li').count()).toBeGreaterThan(0);
    await kit.heading(page);
    await kit.screenshot(page, '2 attack');
    expect(await page.evaluate('typeof hacked')).toBe('undefined');

    await page.locator('#alarms li', { hasText: hostile }).first().getByRole('link', { name: 'Contain this attack' }).click();
    expect(await kit.heading(page)).toBe('Contain an attack');
    expect(await page.getByLabel('Addresses of the attack (optional)').inputValue()).toContain('127.9.0.');
    expect(await page.getByLabel('Accounts that it came into (optional)').inputValue()).toContain(hostile);
    await kit.screenshot(page, '3 contain');
    expect(await page.evaluate('typeof hacked')).toBe('undefined');
  });

  it('is whole without JavaScript, as it was when it was asked for', async () => {
    const page = await pageOf(await operators.signIn(), { javaScriptEnabled: false });
    await page.goto('/operator/live');
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Live');
    expect(await page.locator('#alarms li').count()).toBeGreaterThan(0);
    expect(await page.locator('.plot .attempts').getAttribute('d')).toMatch(/^M/);
    await page.getByRole('link', { name: 'Reload' }).click();
    expect(await page.getByText('The figures are of').count()).toBe(1);
  });

  it('says that it stopped, once its session has ended', async () => {
    const page = await pageOf(await operators.signIn());
    await page.goto('/operator/live');
    await page.getByText('Live,').waitFor();
    app.context.sessions.endOthers(app.context.data.users.byEmail(ops)?.id ?? '');
    await page.getByText('Stopped: your session has ended.').waitFor({ timeout: 20_000 });
    await kit.heading(page);
    await kit.screenshot(page, '4 stopped');
    await page.getByRole('link', { name: 'Reload' }).click();
    expect(await kit.heading(page)).toBe('Operators');
  });
});
