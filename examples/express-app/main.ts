import { runCommand } from '../shared/command.ts';
import { startApp } from './start.ts';

await runCommand({ script: 'example:express', framework: 'Express', folder: import.meta.dirname, start: startApp });
