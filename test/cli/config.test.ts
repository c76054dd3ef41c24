import { describe, expect, it } from 'vitest';
import { makeFolder } from './support.ts';

const portcullis = '{ readOnly: { status: async () => [] }, close: async () => 0 }';

describe('the config file', () => {
  it.each([
    ['portcullis.config.mjs', `export default ${portcullis};`],
    ['portcullis.config.js', `export default async () => (${portcullis});`],
    ['portcullis.config.js', `module.exports = () => (${portcullis});`],
    ['portcullis.config.ts', `const made: Promise<object> = Promise.resolve(${portcullis}); export default made;`],
  ])('%s may hold a portcullis, a function that makes one, or a promise', async (name, text) => {
    const folder = makeFolder(text, name);
    expect(await folder.run('read-only', 'status')).toEqual({ code: 0, stdout: 'off\n', stderr: '' });
  });

  it('tells its function which command it is and who gave it', async () => {
    const folder = makeFolder('export default ({ command, by }) => ({ readOnly: { status: async () => { throw new Error(`${command} by ${by}`); } }, close: async () => 0 });', 'portcullis.config.mjs');
    expect((await folder.run('read-only', 'status', '--by', 'alice')).stderr).toBe('portcullis: read-only status by alice\n');
  });

  it('can be named, from any folder', async () => {
    const folder = makeFolder();
    folder.write('other.mjs', `export default ${portcullis};`);
    expect((await folder.run('read-only', 'status', '--config', 'other.mjs')).code).toBe(0);
  });

  it('is missing: ends with 2 and says where it was looked for', async () => {
    const folder = makeFolder();
    const { code, stderr } = await folder.run('status');
    expect([code, stderr]).toEqual([2, expect.stringContaining(`there is no portcullis.config.js, .mjs or .ts in ${folder.path}`) as unknown]);
  });

  it('is there twice: ends with 2, and nothing is loaded', async () => {
    const folder = makeFolder('throw new Error("loaded");', 'portcullis.config.js');
    folder.write('portcullis.config.ts', 'throw new Error("loaded");');
    const { code, stderr } = await folder.run('status');
    expect([code, stderr]).toEqual([2, expect.stringContaining('portcullis.config.js and portcullis.config.ts') as unknown]);
    expect(stderr).not.toContain('loaded');
  });

  it.each([
    ['throws', 'throw new Error("no database", { cause: new Error("ECONNREFUSED") });', /portcullis\.config\.mjs failed: no database <- ECONNREFUSED/],
    ['throws something else', 'throw 7;', /it threw a value of type number/],
    ['is no JavaScript', 'export default {', /portcullis\.config\.mjs failed: Unexpected end of input/],
    ['has no default export', 'export const portcullis = 1;', /expected a Portcullis, or a function that makes one, as the default export; got nothing/],
    ['hands over something else', 'export default { keys: 1 };', /got a value of type object without close\(\)/],
    ['makes null', 'export default () => null;', /got null/],
    ['imports what is not there', 'import "./nowhere.mjs";', /Cannot find module/],
    ['waits for what never comes', 'await new Promise(() => undefined);', /waits for something that never comes/],
  ])('%s: ends with 1 and says so', async (_what, text, message) => {
    const { code, stderr, stdout } = await makeFolder(text, 'portcullis.config.mjs').run('status');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
  });

  it('in TypeScript that cannot be stripped is told clearly', async () => {
    const { code, stderr } = await makeFolder('enum Level { On }\nexport default Level;').run('status');
    expect([code, stderr]).toEqual([1, expect.stringContaining('Node only strips types') as unknown]);
  });

  it('may keep timers and connections open: the command ends all the same', async () => {
    expect((await makeFolder(`setInterval(() => undefined, 1_000); export default ${portcullis};`, 'portcullis.config.mjs').run('read-only', 'status')).code).toBe(0);
  });
});

describe('what a command ends with', () => {
  it('a part that is not there: 1, by name', async () => {
    const { code, answer } = await makeFolder('export default { close: async () => 0 };', 'portcullis.config.mjs').json('revoke', '--everyone', '--yes');
    expect([code, answer]).toEqual([1, { ok: false, error: { code: 'FAILED', message: expect.stringContaining('has no "epochs"') as unknown } }]);
  });

  it('status shows what can be read beside what cannot, and ends with 1', async () => {
    const config = 'export default { readOnly: { status: async () => { throw new Error("store gone"); } }, epochs: { newest: async () => 0 }, close: async () => 0 };';
    expect(await makeFolder(config, 'portcullis.config.mjs').run('status')).toMatchObject({ code: 1, stdout: "read-only  cannot be read: store gone\nsessions   everyone's were never ended\nincidents  not set up\n" });
  });

  it('an audit log that could not be written: 1, although the order is done', async () => {
    const config = 'export default { epochs: { revokeEveryone: async () => undefined }, close: async () => 3 };';
    const { code, answer } = await makeFolder(config, 'portcullis.config.mjs').json('revoke', '--everyone', '--yes');
    expect([code, answer]).toEqual([1, { ok: false, revoked: 'everyone', error: { code: 'FAILED', message: 'done, but 3 entries of the audit log or mails could not be written' } }]);
  });
});
