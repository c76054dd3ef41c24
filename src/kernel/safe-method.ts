const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** The safe methods of RFC 9110 section 9.2.1. They are case-sensitive: what is written otherwise is another method. */
export function isSafeMethod(method: string): boolean {
  return safeMethods.has(method);
}
