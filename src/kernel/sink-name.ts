import { ConfigError } from './errors.ts';
import { text, type OptionReader } from './options.ts';

/** Whether it may stand in an event. */
export function isSinkName(name: unknown): name is string {
  return typeof name === 'string' && /^[\w.-]{1,64}$/.test(name);
}

/** The option `name` of a sink. */
export function sinkName(fallback: string): OptionReader<string> {
  return (given, name) => {
    const value = text(fallback)(given, name);
    if (!isSinkName(value)) throw new ConfigError(`${name}: expected 1 to 64 letters, digits, ".", "_" or "-"`);
    return value;
  };
}
