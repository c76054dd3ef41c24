let format: Intl.NumberFormat | undefined;

/** `12,345`, whatever the language of the machine. */
export function figure(value: number): string {
  // Making one costs a thousand times as much as using it.
  format ??= new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });
  return format.format(value);
}

/** `1 account`, `2 accounts`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${figure(value)} ${value === 1 ? one : many}`;
}
