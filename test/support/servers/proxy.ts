import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * A network between an app and a server that a test can harm.
 * `open`: everything passes. `cut`: connections are reset, and new ones too. `half-open`: connections are accepted and live, and
 * nothing passes, as when the host behind them has vanished: they never recover. A number: everything passes that many ms later.
 */
export type Harm = 'open' | 'cut' | 'half-open' | number;

export interface Proxy {
  readonly port: number;
  readonly url: string;
  harm(what: Harm): void;
  /** Where new connections go, as when a name is pointed at another host; those that are open are reset. */
  pointAt(port: number): void;
  close(): Promise<void>;
}

export async function startProxy(target: number, scheme = 'redis'): Promise<Proxy> {
  let port = target;
  let harm: Harm = 'open';
  const sockets = new Set<Socket>();

  function track(socket: Socket): void {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  }

  /** Connections of which something was lost. Nothing comes through them any more, also when the network is well again. */
  const dead = new WeakSet<Socket>();

  function carry(from: Socket, to: Socket): void {
    from.on('data', (chunk: Buffer) => {
      if (harm === 'half-open') {
        dead.add(from);
        dead.add(to);
      }
      if (dead.has(from)) return;
      if (typeof harm !== 'number') to.write(chunk);
      else setTimeout(() => { if (!to.destroyed) to.write(chunk); }, harm);
    });
    from.on('close', () => { to.destroy(); });
  }

  const server = createServer((near) => {
    track(near);
    if (harm === 'cut') {
      near.resetAndDestroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    track(far);
    carry(near, far);
    carry(far, near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: own } = server.address() as AddressInfo;

  function reset(): void {
    for (const socket of sockets) socket.resetAndDestroy();
  }

  return {
    port: own,
    url: `${scheme}://127.0.0.1:${own}`,
    harm(what) {
      harm = what;
      if (what === 'cut') reset();
    },
    pointAt(to) {
      port = to;
      reset();
    },
    async close() {
      reset();
      server.close();
      await once(server, 'close');
    },
  };
}
