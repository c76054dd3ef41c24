import { createAsk, type Ask } from './ask.ts';
import { isEnding, poolNumber, type PostgresClient, type PostgresPool } from './pool.ts';

/** A connection of its own, out of the pool: it hears what is announced, and looks at records without taking part in a queue. */
export interface Listener {
  /** Makes a connection where there is none. */
  start(): void;
  /** By that connection; undefined while there is none. */
  ask(): Ask | undefined;
  /** Gives the connection up: `start` makes another one. */
  drop(): void;
  stop(): void;
}

export interface ListenerOptions {
  readonly pool: PostgresPool;
  readonly channel: string;
  readonly heard: (payload: string) => void;
  /** There is a connection, after a time without one. */
  readonly opened: () => void;
}

/** Whether a connection may be taken out: of one alone nothing would be left for the app. */
export function canListen(pool: PostgresPool): boolean {
  return typeof pool.connect === 'function' && poolNumber(pool, 'max') !== 1;
}

export function createListener({ pool, channel, heard, opened }: ListenerOptions): Listener {
  let wanted = false;
  let connecting = false;
  let current: { readonly client: PostgresClient; readonly ask: Ask } | undefined;

  function drop(client = current?.client): void {
    if (client === undefined || client !== current?.client) return;
    current = undefined;
    destroy(client);
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
    const client = await pool.connect?.();
    if (client === undefined) return;
    if (!wanted) {
      destroy(client);
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
      connecting = true;
      // The next start tries again.
      void open().catch(() => undefined).finally(() => {
        connecting = false;
      });
    },
    ask: () => current?.ask,
    drop,
    stop() {
      wanted = false;
      drop();
    },
  };
}

function destroy(client: PostgresClient): void {
  try {
    client.release(true);
  } catch {
    // It was given back already.
  }
}
