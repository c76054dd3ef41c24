/** What went wrong, for `switch`. */
export type ErrorCode = 'ERR_CONFIG' | 'ERR_STORE' | 'ERR_BUSY' | 'ERR_READ_ONLY';

// Symbol.for: two copies of the package (ESM beside CJS, two versions) must recognize each other's errors.
const brand = Symbol.for('portcullis.error');

/** Base of every error that the library throws. A user who is wrong is never an error but a value. */
export class PortcullisError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** A wrong, unknown or clashing option. Thrown at construction; the message is `piece.option: expected ..., got ...`. */
export class ConfigError extends PortcullisError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_CONFIG', message, options);
  }
}

/** A store or another service that the answer depends on is gone, late or answered nonsense. `cause` says more. */
export class StoreError extends PortcullisError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_STORE', message, options);
  }
}

/** A store that works has no room for one more record of a kind. No sign that it is down. */
export class StoreFullError extends StoreError {}

/** More work than the gate lets in. Answer 503 with `retryAfterMs`, the same to everybody. */
export class BusyError extends PortcullisError {
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super('ERR_BUSY', message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether a caught value is an error of this library, from whichever copy of it. */
export function isPortcullisError(value: unknown): value is PortcullisError {
  return typeof value === 'object' && value !== null && brand in value;
}

/** Whether a store said that it is full, whichever copy of the library made the error. */
export function isStoreFull(value: unknown): boolean {
  return isPortcullisError(value) && value.name === 'StoreFullError';
}

/** The class and code of a caught value. Messages are left out: those of mailers and databases hold addresses. */
export function errorName(value: unknown): string {
  if (!(value instanceof Error)) return typeof value;
  const { code } = value as { code?: unknown };
  const name = isWord(value.name) ? value.name : 'Error';
  return isWord(code) ? `${name} ${code}` : name;
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && /^\w{1,64}$/.test(value);
}
