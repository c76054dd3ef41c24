import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { installTarball } from '../support/packed.ts';

/** Loads the policy in three ways, from the files of the package. */
const loaders = [
  { file: 'esm.mjs', how: 'import', load: "import { createPasswordPolicy } from 'portcullis/password'; import { commonList } from 'portcullis/breach';" },
  { file: 'cjs.cjs', how: 'require', load: "const { createPasswordPolicy } = require('portcullis/password'); const { commonList } = require('portcullis/breach');" },
  {
    file: 'forced.cjs',
    how: 'require of the CommonJS file',
    load: "const { createPasswordPolicy } = require('./node_modules/portcullis/dist/password.cjs'); const { commonList } = require('./node_modules/portcullis/dist/breach.cjs');",
  },
];

const body = `
(async () => {
  const events = [];
  const policy = createPasswordPolicy({ commonList: commonList(), emit: (event) => events.push(event) });
  const verdict = await policy.check({ password: 'quilted lantern over marsh' });
  await policy.close();
  console.log(JSON.stringify({ ok: verdict.ok, estimated: typeof verdict.strength === 'number', events }));
})();`;

describe.each(['plain', 'a b#c%20d'])('the strength estimator in a folder named "%s"', (folder) => {
  it.each(loaders)('is found by $how', ({ file, load }) => {
    const consumer = installTarball(inject('tarball'), folder);
    onTestFinished(() => { consumer.remove(); });
    consumer.write(file, load + body);
    expect(JSON.parse(consumer.node(file))).toEqual({ ok: true, estimated: true, events: [] });
  });
});
