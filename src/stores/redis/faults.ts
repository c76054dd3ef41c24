import { isPortcullisError, StoreError } from '../../kernel/errors.ts';

/** `NOSCRIPT`, `READONLY`, `OOM`: how the answer of a server that refused begins. */
const replyWord = /^[A-Z]{2,20}\b/;
/** `ECONNREFUSED`, `ETIMEDOUT`. */
const systemWord = /^[A-Z][A-Z0-9_]{2,40}$/;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');

/** Whether the server does not know the script that EVALSHA names. */
export function isUnknownScript(error: unknown): boolean {
  return messageOf(error).startsWith('NOSCRIPT');
}

/**
 * The ERR_STORE that callers see of whatever went wrong. What clients throw is not handed on: it holds the command with its
 * keys and values, or the server's address.
 */
export function storeErrorOf(error: unknown): Error {
  return isPortcullisError(error) ? error : new StoreError(`redis store: ${wordOf(error)}`);
}

function wordOf(error: unknown): string {
  const [answered] = replyWord.exec(messageOf(error)) ?? [];
  if (answered !== undefined) return `the server answered ${answered}`;
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && systemWord.test(code) ? code : 'the client failed';
}

/** An answer that no script of ours gives: another program has written under our keys, or it is no Redis. */
export function wrongAnswer(): StoreError {
  return new StoreError('redis store: the server answered something else than was asked for');
}
