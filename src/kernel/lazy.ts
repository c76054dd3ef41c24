/**
 * A value that is made by its first use. For regular expressions with `\p{...}`: V8 works such a class out when it reads
 * the literal, 0.3 ms each, and an app that starts would wait for them. Hand in `new RegExp(text)`, no literal.
 */
export function lazy<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** The same for what is made by waiting, a module that is loaded. What failed is tried again by the next use. */
export function lazyAsync<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    if (made !== undefined) return made;
    const making = make();
    made = making;
    making.catch(() => {
      if (made === making) made = undefined;
    });
    return making;
  };
}
