import { StoreError } from '../kernel/errors.ts';
import { orStopped } from '../kernel/or-stopped.ts';
import { harmless } from '../kernel/harmless.ts';
import { callback, optional, port, readOptions, wrong, type OptionReader } from '../kernel/options.ts';
import type { ExposedBreach, ExposureSource, ExposureVerdict } from '../ports/exposure-source.ts';
import { readAddress, readExposureVerdict, unknownExposure } from './exposure-verdict.ts';

/** An account to ask for. */
export interface AccountToCheck {
  readonly id: string;
  readonly email: string;
}

/** An account whose address is in a leak, or of which nobody could say. */
export type ExposedAccount =
  | { readonly id: string; readonly verdict: 'exposed'; readonly breaches: readonly ExposedBreach[] }
  | { readonly id: string; readonly verdict: 'unknown'; readonly reason: string };

/** How far it has come. All accounts up to `lastId` are done: whoever starts again starts behind it. */
export interface ExposureProgress {
  readonly checked: number;
  readonly exposed: number;
  readonly unknown: number;
  readonly lastId: string;
}

export interface ExposedAmongOptions {
  /** Called after each account. One that throws harms nothing. */
  readonly onProgress?: (progress: ExposureProgress) => void;
  /** Ends it: the stream throws the signal's reason, so that half a list is not taken for a whole one. */
  readonly signal?: AbortSignal;
}

/** Accounts that are asked for at once, so that a fast key is not kept waiting by slow answers. */
const ahead = 8;
/** So many in a row say that the source is out of order, and not that there is something about these accounts. */
const mostUnknownInARow = 20;

const signalOption: OptionReader<AbortSignal> = (given, name) => {
  if (!(given instanceof AbortSignal)) throw wrong(name, 'an AbortSignal', given);
  return given;
};

/**
 * Streams the accounts whose address is in a leak, and those of which nobody could say, in the order in which they came; never those
 * that are clean. For reports and for finding whom to contain, NEVER ON A REQUEST: a hundred thousand accounts take a week at 10 a
 * minute. The addresses leave the process, to the source. What comes out holds ids and no addresses.
 *
 * It goes as fast as the source does, reads eight accounts ahead and keeps no others; the caller's pace is waited for.
 *
 * Throws: ERR_CONFIG at once, for what is no source, no stream or a wrong option. Later the signal's reason; what `accounts` throws;
 * ERR_STORE for an account without an id, for a key that is refused, and for 20 accounts in a row that the source could not tell of.
 */
export function exposedAmong(source: ExposureSource, accounts: AsyncIterable<AccountToCheck>, options: ExposedAmongOptions = {}): AsyncGenerator<ExposedAccount, void, undefined> {
  const { onProgress, signal } = readOptions('exposedAmong', options, {
    onProgress: callback<(progress: ExposureProgress) => void>(() => undefined),
    signal: optional(signalOption),
  });
  const asked = port<ExposureSource>(['check'])(source, 'exposedAmong.source');
  if (!isAsyncIterable(accounts)) throw wrong('exposedAmong.accounts', 'an async iterable of { id, email }', accounts);
  return stream({ source: asked, accounts, tell: harmless(onProgress), signal });
}

function isAsyncIterable(given: unknown): boolean {
  return typeof (given as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] === 'function';
}

interface StreamParts {
  readonly source: ExposureSource;
  readonly accounts: AsyncIterable<unknown>;
  readonly tell: (progress: ExposureProgress) => void;
  readonly signal: AbortSignal | undefined;
}

interface Asked {
  readonly id: string;
  readonly answer: Promise<ExposureVerdict>;
}

async function* stream({ source, accounts, tell, signal }: StreamParts): AsyncGenerator<ExposedAccount, void, undefined> {
  const left = new AbortController();
  const stop = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
  const iterator = accounts[Symbol.asyncIterator]();
  const line: Asked[] = [];
  const count = counter();
  let ended = false;
  try {
    for (;;) {
      while (!ended && line.length < ahead) {
        const next = await orStopped(iterator.next(), stop);
        if (next.done === true) ended = true;
        else line.push(askFor(next.value, source, stop));
      }
      const head = line.shift();
      if (head === undefined) return;
      const verdict = await orStopped(head.answer, stop);
      if (verdict.verdict !== 'clean') yield { id: head.id, ...verdict };
      // After the caller is done with it: who starts again behind the last one must not have lost it.
      tell(count(head.id, verdict));
    }
  } finally {
    left.abort();
    // Where the stream of accounts hangs, so would its end: it is told, and waited for only by those who were not stopped.
    const closed = ended ? undefined : Promise.resolve(iterator.return?.()).catch(() => undefined);
    if (signal?.aborted !== true) await closed;
  }
}

function askFor(account: unknown, source: ExposureSource, signal: AbortSignal): Asked {
  const { id, email } = (account ?? {}) as { readonly id?: unknown; readonly email?: unknown };
  if (typeof id !== 'string' || id === '') throw new StoreError('exposedAmong.accounts: expected accounts with an id, got one without');
  return { id, answer: verdictOf(email, source, signal) };
}

/** Never rejects: a source of the app's own may throw, hang or answer nonsense. */
async function verdictOf(given: unknown, source: ExposureSource, signal: AbortSignal): Promise<ExposureVerdict> {
  const email = readAddress(given);
  if (email === undefined) return unknownExposure('invalid-input');
  try {
    return readExposureVerdict(await orStopped(source.check({ email, signal }), signal));
  } catch {
    return unknownExposure('source-failed');
  }
}

/** Counts the answers. Throws ERR_STORE when it is in vain to ask on. */
function counter(): (lastId: string, verdict: ExposureVerdict) => ExposureProgress {
  let [checked, exposed, unknown, inARow] = [0, 0, 0, 0];
  return (lastId, answer) => {
    checked += 1;
    if (answer.verdict === 'exposed') exposed += 1;
    if (answer.verdict !== 'unknown') {
      inARow = 0;
    } else {
      unknown += 1;
      if (answer.reason !== 'invalid-input') inARow += 1;
      if (answer.reason === 'key-refused') throw new StoreError('exposedAmong.source: expected answers, got a refusal of the key');
      if (inARow === mostUnknownInARow) throw new StoreError(`exposedAmong.source: expected answers, got none for ${mostUnknownInARow} accounts in a row; the last: ${answer.reason}`);
    }
    return { checked, exposed, unknown, lastId };
  };
}
