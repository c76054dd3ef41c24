/**
 * A value that is made by its first use. For regular expressions with `\p{...}`: V8 works such a class out when it reads
 * the literal, 0.3 ms each, and an app that starts would wait for them. Hand in `new RegExp(text)`, no literal.
 */
export function lazy<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
