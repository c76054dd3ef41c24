/**
 * The same hook, except that its failures harm nobody: one that throws must not break the decision at hand, and an
 * asynchronous one that rejects would end the process.
 */
export function harmless<T>(hook: ((value: T) => unknown) | undefined): (value: T) => void {
  return (value) => {
    try {
      void Promise.resolve(hook?.(value)).catch(() => undefined);
    } catch {
      // There is nobody left to tell.
    }
  };
}
