import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { subpaths } from './scripts/subpaths.ts';

/** In tests `portcullis/...` is the source, so that a failure names a line of it; test/consumers uses the packed build. */
const alias = subpaths.map(({ name, source }) => ({
  find: new RegExp(name === 'index' ? '^portcullis$' : `^portcullis/${name}$`),
  replacement: resolve(import.meta.dirname, source),
}));

const pieces = 'test/{kernel,password,breach,hasher,limiter,login-guard,uniform,audit,cli,client-address,detect,device,epochs,mfa,read-only,recovery,resets,totp,flows,stores,adapters,testing,examples,bench,wiring}/**/*.test.ts';

/** They mostly wait for the browser: two at a time. */
const walks = 'test/system/browser*.test.ts';

// Half of a run is Node compiling the same files for hundreds of short processes: what it compiled is kept between them.
process.env['NODE_COMPILE_CACHE'] ??= resolve(import.meta.dirname, 'node_modules/.cache/node-compile');

export default defineConfig({
  test: {
    // Vitest would leave one core to its own process, which has little to do: on two cores, half of them.
    maxWorkers: availableParallelism(),
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      { resolve: { alias }, test: { name: 'unit', include: [pieces], testTimeout: 20_000 } },
      { resolve: { alias }, test: { name: 'house', include: ['test/house/**/*.test.ts'], testTimeout: 60_000 } },
      { resolve: { alias }, test: { name: 'browser', include: [walks], testTimeout: 120_000 } },
      { resolve: { alias }, test: { name: 'system', include: ['test/{system,faults,races}/**/*.test.ts'], exclude: [walks], testTimeout: 120_000, fileParallelism: false } },
      { test: { name: 'consumers', include: ['test/consumers/**/*.test.ts'], globalSetup: ['./test/support/packed.ts'], testTimeout: 120_000 } },
    ],
  },
});
