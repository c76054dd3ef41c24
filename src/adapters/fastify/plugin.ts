import type { FastifyPluginAsync } from 'fastify';
import { ConfigError } from '../../kernel/errors.ts';
import { port } from '../../kernel/options.ts';
import type { Portcullis } from '../../portcullis.ts';
import { fastifyDoors, type FastifyDoors, type FastifyDoorsOptions } from './doors.ts';

export interface PortcullisPluginOptions extends FastifyDoorsOptions {
  /** What `createPortcullis` made. Closing it stays with the app. */
  readonly portcullis: Portcullis;
}

/** What `app.portcullis` is: all that `createPortcullis` made, and the doors to it. */
export interface PortcullisDecorator extends Portcullis {
  readonly doors: FastifyDoors;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** By `portcullisPlugin`, in the scope that registered it and in those within. */
    readonly portcullis: PortcullisDecorator;
  }
}

const decorator = 'portcullis';

/**
 * Decorates the scope that registers it, and those within, with `app.portcullis`. A second registration there is refused; scopes beside
 * each other may have one each. Rejects with ERR_CONFIG.
 */
export const portcullisPlugin: FastifyPluginAsync<PortcullisPluginOptions> = Object.assign<FastifyPluginAsync<PortcullisPluginOptions>, object>(
  (app, { portcullis, ...options }) =>
    new Promise((resolve) => {
      port<Portcullis>(['checkAddress', 'emit', 'recordExternalAuth'], undefined, 'createPortcullis')(portcullis, 'portcullisPlugin.portcullis');
      if (app.hasDecorator(decorator)) throw new ConfigError('portcullisPlugin: is registered already, in this scope or in one around it');
      app.decorate(decorator, Object.create(portcullis, { doors: { value: fastifyDoors(portcullis, options), enumerable: true } }) as PortcullisDecorator);
      resolve();
    }),
  // What fastify-plugin sets: no scope of its own, and the versions that it works with.
  { [Symbol.for('skip-override')]: true, [Symbol.for('fastify.display-name')]: decorator, [Symbol.for('plugin-meta')]: { name: decorator, fastify: '5.x' } },
);
