const markup = Symbol('markup');

/** Text that is HTML already. Only `html` makes it, so that nothing a user sent can pass for it. */
export interface Html {
  readonly [markup]: string;
}

type Part = Html | string | number | undefined | readonly Html[];

/** A template whose values are escaped, unless they were made by `html` themselves. `undefined` leaves nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const pieces = strings.map((text, index) => (index === 0 ? text : render(parts[index - 1]) + text));
  return { [markup]: pieces.join('') };
}

export function toText(value: Html): string {
  return value[markup];
}

function render(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  if (markup in part) return part[markup];
  return part.map(toText).join('');
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
