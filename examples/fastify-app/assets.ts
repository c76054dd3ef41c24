import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';

const folder = fileURLToPath(new URL('../shared/public/', import.meta.url));
const types: Readonly<Record<string, string>> = { '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml' };

/** The few files of public/, from memory. An app with more of them takes @fastify/static. */
export function addAssets(app: FastifyInstance): void {
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(folder + name);
    const headers = { 'Content-Type': types[extname(name)] ?? 'application/octet-stream', 'Cache-Control': 'public, max-age=300' };
    app.get(`/assets/${name}`, (_request, reply) => reply.headers(headers).send(bytes));
  }
}
