/** Text as it may stand in HTML. */
export function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** A page of a heading and some paragraphs, for an app that has no page of its own for this. */
export function plainPage(title: string, ...paragraphs: readonly string[]): string {
  const heading = escapeHtml(title);
  const text = paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join('');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${heading}</title><main><h1>${heading}</h1>${text}</main></html>`;
}
