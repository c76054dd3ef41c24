import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { subpaths } from '../../scripts/subpaths.ts';
import { installTarball, type Consumer } from '../support/packed.ts';

let consumer: Consumer;

beforeAll(() => { consumer = installTarball(inject('tarball')); });
afterAll(() => { consumer.remove(); });

const doors = subpaths.map(({ name }) => (name === 'index' ? 'portcullis' : `portcullis/${name}`));

/** Catches the ConfigError of an unknown option, and says of which classes it is. */
const probe = `
  const thrown = (make) => { try { make(); } catch (error) { return error; } };
  const oops = thrown(() => limiter.createLimiter({ nmae: 'x' }));
`;

describe('the packed package', () => {
  it('opens every subpath for import and for require', () => {
    consumer.write('doors.mjs', `
      import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      const counts = [];
      for (const door of ${JSON.stringify(doors)}) {
        const names = [Object.keys(await import(door)), Object.keys(require(door))].map((keys) => keys.filter((key) => key !== '__esModule' && key !== 'module.exports').sort().join());
        counts.push([door, names[0].length > 0 && names[0] === names[1]]);
      }
      console.log(JSON.stringify(counts));`);
    expect(JSON.parse(consumer.node('doors.mjs'))).toEqual(doors.map((door) => [door, true]));
  });

  it('has one class of each error, however it is loaded', () => {
    consumer.write('classes.mjs', `
      import { createRequire } from 'node:module';
      import * as portcullis from 'portcullis';
      import * as limiter from 'portcullis/limiter';
      const required = createRequire(import.meta.url)('portcullis');
      ${probe}
      const same = ['PortcullisError', 'ConfigError', 'StoreError', 'BusyError'].map((name) => portcullis[name] === required[name]);
      console.log(JSON.stringify({ same, code: oops.code, known: oops instanceof portcullis.ConfigError && oops instanceof portcullis.PortcullisError, brand: required.isPortcullisError(oops) }));`);
    expect(JSON.parse(consumer.node('classes.mjs'))).toEqual({ same: [true, true, true, true], code: 'ERR_CONFIG', known: true, brand: true });
  });

  it('has one class of each error in the CommonJS files too, for loaders that take those', () => {
    consumer.write('forced.cjs', `
      const portcullis = require('./node_modules/portcullis/dist/index.cjs');
      const limiter = require('./node_modules/portcullis/dist/limiter.cjs');
      const esm = require('portcullis');
      ${probe}
      console.log(JSON.stringify({ code: oops.code, known: oops instanceof portcullis.ConfigError, other: oops instanceof esm.ConfigError, brand: esm.isPortcullisError(oops) }));`);
    expect(JSON.parse(consumer.node('forced.cjs'))).toEqual({ code: 'ERR_CONFIG', known: true, other: false, brand: true });
  });

  it('limits in a plain CommonJS script', () => {
    consumer.write('limits.cjs', `
      const { memoryStore } = require('portcullis');
      const { createLimiter } = require('portcullis/limiter');
      const limiter = createLimiter({ name: 'demo', rules: { address: { limit: 2, windowMs: 60_000 } }, store: memoryStore() });
      (async () => {
        const answers = [];
        for (let i = 0; i < 3; i += 1) answers.push((await limiter.take({ address: '192.0.2.1' })).ok);
        console.log(JSON.stringify(answers));
      })();`);
    expect(JSON.parse(consumer.node('limits.cjs'))).toEqual([true, true, false]);
  });
});
