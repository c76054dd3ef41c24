import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import type { Machine } from './render.ts';

/** Packages whose speed is in some row: ours to call, or beside us. */
const measured = ['argon2', '@node-rs/argon2', '@zxcvbn-ts/core', 'express', 'express-rate-limit', 'rate-limiter-flexible', 'hibp', 'lru-cache', 'undici'];

/** This machine and what is installed on it. */
export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    date: new Date().toISOString().slice(0, 10),
    versions: measured.map((name) => ({ name, version: installedVersion(name) })),
  };
}

function installedVersion(name: string): string {
  const { version } = JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8')) as { version: string };
  return version;
}
