import { createAsk, type Ask } from './ask.ts';
import { isEnding, poolNumber, type PostgresClient, type PostgresPool } from './pool.ts';

/** A connection of its own, out of the pool: it hears what is announced, and looks at records without taking part in a queue. */
export interface Listener {
  /** Makes a connection where there is none. */
  start(): void;
  /** By that connection, or by the pool where it has none to spare; undefined while it is still to be made. */
  ask(): Ask | undefined;
  /** Gives the connection up: `start` makes another one. */
  drop(): void;
  stop(): void;
}

export interface ListenerOptions {
  readonly pool: PostgresPool;
  /** By any connection of the pool. */
  readonly ask: Ask;
  readonly channel: string;
  readonly heard: (payload: string) => void;
  /** There is a connection, after a time without one. */
  readonly opened: () => void;
}

/** Connections that listeners have taken out of a pool, or are taking. */
const taken = new WeakMap<PostgresPool, number>();

/** Several stores may watch by one pool: the last connection is the app's. */
function reserve(pool: PostgresPool): boolean {
  const count = taken.get(pool) ?? 0;
  if (count + 1 >= (poolNumber(pool, 'max') ?? Infinity)) return false;
  taken.set(pool, count + 1);
  return true;
}

function unreserve(pool: PostgresPool): void {
  taken.set(pool, (taken.get(pool) ?? 1) - 1);
}

/** Whether a connection may be taken out: of one alone nothing would be left for the app. */
export function canListen(pool: PostgresPool): boolean {
  return typeof pool.connect === 'function' && poolNumber(pool, 'max') !== 1;
}

export function createListener({ pool, ask, channel, heard, opened }: ListenerOptions): Listener {
  let wanted = false;
  let connecting = false;
  let isCrowded = false;
  let current: { readonly client: PostgresClient; readonly ask: Ask } | undefined;

  function drop(client = current?.client): void {
    if (client === undefined || client !== current?.client) return;
    current = undefined;
    giveUp(pool, client);
  }

  function adopt(client: PostgresClient): void {
    current = { client, ask: createAsk((text, values) => client.query(text, values)) };
    const lost = (): void => {
      drop(client);
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', ({ channel: from, payload }: { readonly channel?: unknown; readonly payload?: unknown }) => {
      if (from === channel && typeof payload === 'string') heard(payload);
    });
    client.unref?.();
  }

  async function open(): Promise<void> {
    const client = await connectionOf(pool);
    if (client === undefined) return;
    if (!wanted) {
      giveUp(pool, client);
      return;
    }
    adopt(client);
    // A replica or a pooler may refuse it: looking goes on.
    await client.query(`LISTEN "${channel}"`).catch(() => undefined);
    if (current?.client === client) opened();
  }

  return {
    start() {
      wanted = true;
      // The pool waits for whoever is out.
      if (isEnding(pool)) drop();
      if (current !== undefined || connecting || isEnding(pool)) return;
      isCrowded = !reserve(pool);
      if (isCrowded) return;
      connecting = true;
      void open().catch(() => undefined).finally(() => {
        connecting = false;
      });
    },
    ask: () => current?.ask ?? (isCrowded ? ask : undefined),
    drop,
    stop() {
      wanted = false;
      drop();
    },
  };
}

/** A connection for which there is a reservation; undefined where there is none to be had. */
async function connectionOf(pool: PostgresPool): Promise<PostgresClient | undefined> {
  try {
    const client: unknown = await pool.connect?.();
    if (typeof client === 'object' && client !== null) return client as PostgresClient;
  } catch {
    // The next start tries again.
  }
  unreserve(pool);
  return undefined;
}

function giveUp(pool: PostgresPool, client: PostgresClient): void {
  unreserve(pool);
  try {
    client.release(true);
  } catch {
    // It was given back already.
  }
}
