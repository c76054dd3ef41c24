/** What child.test.ts runs in other processes. */
export function doubled(value: number): { readonly value: number; readonly pid: number; readonly gc: string } {
  return { value: value * 2, pid: process.pid, gc: typeof globalThis.gc };
}

export function failing(message: string): never {
  throw new Error(message);
}

export function quitting(code: number): never {
  process.exit(code);
}

export function counter(start: number): { readonly add: (more: number) => number; readonly pid: () => number } {
  let count = start;
  return { add: (more) => (count += more), pid: () => process.pid };
}
