import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { exampleApps } from '../examples/app-client.ts';
import { faultsOf } from './page-audit.ts';

/** What people look at: the pages of the walks, as build output. */
const screenshotFolder = join(import.meta.dirname, '../../.vitest/screenshots');

/** Throws away what an earlier run has left for a window. */
export function clearScreenshots({ name }: Window): void {
  rmSync(join(screenshotFolder, name), { recursive: true, force: true });
}

export interface BrowserKit {
  readonly browser: Browser;
  /** What the console has complained of since the last look. */
  complaints(): readonly string[];
  newPage(options?: BrowserContextOptions): Promise<Page>;
  /** The heading of the page, which must fit the window and be open to everybody. */
  heading(page: Page): Promise<string>;
  /** Presses a button of the page's own part, and answers the heading of what comes. */
  press(page: Page, button: string): Promise<string>;
  fill(page: Page, entries: Readonly<Record<string, string>>): Promise<void>;
  signIn(page: Page, email: string, password: string): Promise<string>;
  signOut(page: Page): Promise<void>;
  /** Keeps the page as it looks, and answers the file. */
  screenshot(page: Page, name: string): Promise<string>;
}

export interface Window {
  /** What the folder of its screenshots is called. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
}

const windows: readonly (readonly [string, Window])[] = [
  ['a desktop', { name: 'desktop', width: 1280, height: 900 }],
  ['a phone', { name: 'phone', width: 390, height: 844 }],
];

/**
 * Each app is walked through whole, and in each window: the pages of both are the same, and what brings them does not know how wide a window
 * is. All four pairs would only take twice the time.
 */
export const walks = exampleApps.map(([framework, startApp], at) => {
  const [device, window] = windows[at % windows.length] as (typeof windows)[number];
  return [`${framework}, ${device}`, { startApp, window }] as const;
});

/** A real Chromium on the app at `url`, with a window of that size. */
export async function openChromium(url: string, { name: device, width, height }: Window): Promise<BrowserKit> {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
  const complaints: string[] = [];

  async function heading(page: Page): Promise<string> {
    const text = await page.getByRole('heading', { level: 1 }).innerText();
    const overhang = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect([page.url(), overhang, await faultsOf(page)]).toEqual([page.url(), 0, []]);
    return text;
  }

  async function press(page: Page, button: string): Promise<string> {
    await page.getByRole('main').getByRole('button', { name: button, exact: true }).click();
    await page.waitForLoadState();
    return heading(page);
  }

  async function fill(page: Page, entries: Readonly<Record<string, string>>): Promise<void> {
    for (const [label, value] of Object.entries(entries)) await page.getByLabel(label, { exact: true }).first().fill(value);
  }

  return {
    browser,
    complaints: () => complaints.splice(0),
    async newPage(options = {}) {
      const page = await (await browser.newContext({ baseURL: url, viewport: { width, height }, ...options })).newPage();
      // That a page came with 401 or 422 is in the console too, and is as it should be.
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      return page;
    },
    heading,
    press,
    fill,
    async signIn(page, email, password) {
      await page.goto('/login');
      await fill(page, { 'Email address': email, 'Password': password });
      return press(page, 'Sign in');
    },
    async signOut(page) {
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('You are signed out.').waitFor();
    },
    async screenshot(page, name) {
      const folder = join(screenshotFolder, device);
      mkdirSync(folder, { recursive: true });
      const path = join(folder, `${name.replaceAll(' ', '-')}.png`);
      await page.screenshot({ path, fullPage: true });
      return path;
    },
  };
}
