import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { installTarball, type Consumer } from '../support/packed.ts';

/** An app of ten lines, and a client that asks it three times. */
const app = `
const limiter = createLimiter({ name: 'api', rules: { address: { limit: 2, windowMs: 60_000 } }, store: memoryStore() });
const app = express();
app.use(limitRequests({ limiter, keys: ({ address }) => ({ address }) }));
app.get('/', (req, res) => { res.send('hello'); });
const server = app.listen(0, '127.0.0.1', async () => {
  const statuses = [];
  for (let i = 0; i < 3; i += 1) statuses.push((await fetch('http://127.0.0.1:' + server.address().port)).status);
  console.log(JSON.stringify(statuses));
  server.close();
});`;

const names = ['{ memoryStore }', '{ createLimiter }', '{ limitRequests }'] as const;
const doors = ['portcullis', 'portcullis/limiter', 'portcullis/express'] as const;

let consumer: Consumer;

beforeAll(() => { consumer = installTarball(inject('tarball')); });
afterAll(() => { consumer.remove(); });

describe.each(['express', 'express4'])('an app on %s with the packed package', (framework) => {
  it('limits its clients from an ES module', () => {
    const lines = [`import express from '${framework}';`, ...doors.map((door, index) => `import ${names[index] ?? ''} from '${door}';`)];
    consumer.write(`${framework}.mjs`, lines.join('\n') + app);
    expect(JSON.parse(consumer.node(`${framework}.mjs`))).toEqual([200, 200, 429]);
  });

  it('limits its clients from a CommonJS script', () => {
    const lines = [`const express = require('${framework}');`, ...doors.map((door, index) => `const ${names[index] ?? ''} = require('${door}');`)];
    consumer.write(`${framework}.cjs`, lines.join('\n') + app);
    expect(JSON.parse(consumer.node(`${framework}.cjs`))).toEqual([200, 200, 429]);
  });
});
