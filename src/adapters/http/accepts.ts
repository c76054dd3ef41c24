/** Node gives no more than 16 kB of header fields; no browser sends a tenth of that here. */
const maxChars = 4_000;

/** How much a client wants one type. */
interface Wish {
  quality: number;
  /** 3: by name, 2: any of its kind, 1: anything, 0: not at all. */
  exactness: number;
  place: number;
}

/**
 * Which form of answer an Accept header prefers: the one of the higher quality, then the one that is named more exactly, then
 * the one named first (RFC 9110 section 12.5.1). Browsers ask for HTML by name; what accepts anything is a program.
 */
export function preferredForm(accept: string | undefined): 'html' | 'json' {
  if (accept === undefined || accept === '*/*') return 'json';
  const html: Wish = { quality: 0, exactness: 0, place: -1 };
  const json: Wish = { quality: 0, exactness: 0, place: -1 };
  for (const [place, entry] of accept.slice(0, maxChars).toLowerCase().split(',').entries()) {
    const [range = '', ...parameters] = entry.split(';').map((part) => part.trim());
    const quality = qualityOf(parameters);
    if (quality === undefined) continue;
    raise(html, { quality, exactness: exactnessOf(range, 'text', 'html'), place });
    raise(json, { quality, exactness: exactnessOf(range, 'application', 'json'), place });
  }
  return isRather(html, json) ? 'html' : 'json';
}

/** Undefined where the range asks for more than a type: neither form has parameters. */
function qualityOf(parameters: readonly string[]): number | undefined {
  const [first, ...others] = parameters.filter((parameter) => parameter !== '');
  if (first === undefined) return 1;
  const [, value] = /^q\s*=\s*"?([\d.]+)"?$/.exec(first) ?? [];
  return value === undefined || others.some((other) => other.startsWith('q=')) ? undefined : Number.parseFloat(value);
}

function exactnessOf(range: string, type: string, subtype: string): number {
  if (range === `${type}/${subtype}`) return 3;
  if (range === `${type}/*`) return 2;
  return range === '*/*' ? 1 : 0;
}

/** The most exact range that names a type says how much it is wanted. */
function raise(wish: Wish, found: Wish): void {
  if (found.exactness === 0) return;
  const better = found.exactness - wish.exactness || found.quality - wish.quality || found.place - wish.place;
  if (better > 0) Object.assign(wish, found);
}

/** JSON where both are wanted alike, or neither. */
function isRather(html: Wish, json: Wish): boolean {
  if (!(html.quality > 0)) return false;
  if (!(json.quality > 0)) return true;
  return (html.quality - json.quality || html.exactness - json.exactness || json.place - html.place) > 0;
}
