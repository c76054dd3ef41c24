import type { Dispatcher, Pool } from 'undici';
import type { Exchange } from './exchange.ts';

export interface PoolOptions {
  readonly origin: string;
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** Backstop for what nobody aborts. */
  readonly idleTimeoutMs: number;
}

/** A handshake costs three round trips of a 300 ms budget: connections stay open between sign-ins. */
const keepAliveTimeoutMs = 60_000;

/**
 * Makes the function that sends a GET. undici is loaded by the first one; its own dispatcher is used, since the global `fetch` of
 * Node 22 and 24 never settles with it, and requests follow no redirect. HTTP/1.1 only, one request at a time on a connection:
 * aborting a late one must not take others with it.
 */
export function createSender({ origin, connections, connectTimeoutMs, idleTimeoutMs }: PoolOptions) {
  let pool: Pool | undefined;

  async function connect(): Promise<Pool> {
    const undici = await import('undici');
    pool ??= new undici.Pool(origin, {
      connections,
      pipelining: 1,
      allowH2: false,
      connectTimeout: connectTimeoutMs,
      headersTimeout: idleTimeoutMs,
      bodyTimeout: idleTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
    });
    return pool;
  }

  return function send(request: { readonly path: string; readonly headers: string[] }, { handler, fail }: Pick<Exchange<unknown>, 'handler' | 'fail'>): void {
    const dispatch = (ready: Dispatcher): void => {
      ready.dispatch({ ...request, method: 'GET' }, handler);
    };
    if (pool === undefined) connect().then(dispatch).catch(fail);
    else dispatch(pool);
  };
}
