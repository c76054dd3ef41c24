import { runCommand } from '../shared/command.ts';
import { startApp } from './start.ts';

await runCommand({ script: 'example:fastify', framework: 'Fastify', folder: import.meta.dirname, start: startApp });
