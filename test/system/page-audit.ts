import type { Page } from 'playwright-core';

/** Runs in the page. Answers one line for each thing that shuts somebody out. */
const script = String.raw`(() => {
  const faults = [];
  const shown = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  const say = (what, element) => faults.push(what + ': ' + element.outerHTML.slice(0, 120));

  for (const field of document.querySelectorAll('input:not([type=hidden]), textarea, select')) {
    if (field.getAttribute('aria-hidden') !== 'true' && field.labels.length === 0) say('no label', field);
    const described = field.getAttribute('aria-describedby');
    if (described !== null && document.getElementById(described) === null) say('describes nothing', field);
  }
  for (const element of document.querySelectorAll('button, a')) if (element.textContent.trim() === '') say('no name', element);
  for (const image of document.querySelectorAll('img')) if (!image.hasAttribute('alt')) say('no alt', image);
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) faults.push('twice the id ' + id);

  let level = 0;
  for (const heading of [...document.querySelectorAll('h1, h2, h3, h4')].filter(shown)) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1 || (own === 1 && level > 0)) say('heading out of order', heading);
    level = own;
  }

  // WCAG 2.2, 1.4.3: 4.5 to 1, and 3 to 1 for large text.
  const channels = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (rgb) => {
    const [red, green, blue] = rgb.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const [red, green, blue, alpha = 1] = channels(getComputedStyle(at).backgroundColor);
      if (alpha > 0) return [red, green, blue];
    }
    return [255, 255, 255];
  };
  for (const element of [...document.querySelectorAll('body *')].filter(shown)) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    if (!hasText || element.closest('.visually-hidden, .skip') !== null) continue;
    const style = getComputedStyle(element);
    const [light, dark] = [luminance(channels(style.color).slice(0, 3)), luminance(behind(element))].sort((one, other) => other - one);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    if ((light + 0.05) / (dark + 0.05) < (large ? 3 : 4.5)) say('too little contrast', element);
  }
  return faults;
})()`;

/** What of a page shuts out people who use a keyboard or a screen reader, or see little. */
export async function faultsOf(page: Page): Promise<readonly string[]> {
  return page.evaluate<readonly string[]>(script);
}
