/** A Set-Cookie line without what is random in it, which tells nothing but its length. */
export function cookieShape(line: string): string {
  return line.replace(/=[^;]+/, (all) => `=${'x'.repeat(all.length - 1)}`);
}

/** The same of an answer of a flow. */
export function answerShape<T extends { readonly setCookies?: readonly string[] }>(answer: T): T {
  return answer.setCookies === undefined ? answer : { ...answer, setCookies: answer.setCookies.map(cookieShape) };
}
