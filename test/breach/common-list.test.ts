import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { dictionary } from '@zxcvbn-ts/language-common';
import { commonList } from 'portcullis/breach';
import { describe, expect, it } from 'vitest';
import { renderCommonList } from '../../scripts/make-common-list.ts';

const passwords = dictionary['passwords-common'] as readonly string[];

// ASVS 6.2.4 asks for 3,000 that satisfy the policy's length.
describe('the embedded list of leaked passwords', () => {
  it('knows every password of the dictionary it was made from, as it is and in capitals', () => {
    const { has, size } = commonList();
    expect(passwords.length).toBe(49_233);
    expect(size).toBeGreaterThanOrEqual(passwords.length);
    expect(passwords.filter((entry) => !has(entry))).toEqual([]);
    expect(passwords.filter((entry) => !has(entry.toUpperCase()))).toEqual([]);
  });

  it('has at least 3,000 of 8 characters or more', () => {
    const long = passwords.filter((entry) => Array.from(entry).length >= 8);
    expect(long.length).toBeGreaterThanOrEqual(3_000);
    expect(long.every(commonList().has)).toBe(true);
  });

  it('is what the generator makes of the installed dictionaries', () => {
    const file = readFileSync(new URL('../../src/breach/common-list.data.ts', import.meta.url), 'utf8');
    expect(file === renderCommonList()).toBe(true);
  });

  it('takes the whole password and no part of it', () => {
    const { has } = commonList();
    expect(has('password')).toBe(true);
    expect(has('Password')).toBe(true);
    expect(has('password of mine')).toBe(false);
    expect(has(' password')).toBe(false);
    expect(has('')).toBe(false);
  });

  it('knows no stranger: of 50,000 passwords that nobody chose not one is on it', () => {
    const { has } = commonList();
    // The same ones in every run: heads of 48 bits do meet a stranger once in a few billion.
    const strangers = Array.from({ length: 50_000 }, (_, index) => hash('sha256', `stranger ${index}`, 'base64').slice(0, 12));
    expect(strangers.filter(has)).toEqual([]);
  });

  it('answers as a source: breached once, or clean, at once and by itself', async () => {
    const list = commonList();
    expect(list).toMatchObject({ name: 'common-list', local: true });
    expect(await list.check({ password: 'iloveyou', budgetMs: 0 })).toEqual({ verdict: 'breached', count: 1 });
    expect(await list.check({ password: 'on no list at all', budgetMs: 0 })).toEqual({ verdict: 'clean' });
  });

  it('needs no dictionary, and no HTTP client: neither is loaded when it is asked', async () => {
    const asked = await loadedBy("createBreachLookup({ sources: [commonList()] }).check({ password: 'iloveyou', budgetMs: 300 })");
    expect(asked).toEqual([]);
    // So that the empty list is known to be one that would name them: the service does load its client.
    const service = "rangeService({ baseUrl: 'http://127.0.0.1:9', dangerouslyAllowHttp: true }).check({ password: 'iloveyou', budgetMs: 5_000 })";
    expect(await loadedBy(service)).toContain('undici/index.js');
  });
});

/** What a fresh process has loaded of node_modules after this expression of `portcullis/breach` was awaited. */
async function loadedBy(expression: string): Promise<readonly string[]> {
  const source = new URL('../../src/breach/index.ts', import.meta.url).href;
  const script = `import { createRequire } from 'node:module';
    import { commonList, createBreachLookup, rangeService } from '${source}';
    await ${expression};
    console.log(JSON.stringify(Object.keys(createRequire('${source}').cache).map((path) => path.split('node_modules/').at(-1))));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', '--input-type=module', '-e', script]);
  return JSON.parse(stdout) as readonly string[];
}
