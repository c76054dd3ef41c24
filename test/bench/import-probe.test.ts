import { describe, expect, it } from 'vitest';
import { fresh, inspectImport, watching, type Loaded } from '../../bench/import-probe.ts';

describe('what an import loads and touches', () => {
  it('is no file for a module of Node itself', async () => {
    expect(await inspectImport('node:dgram')).toEqual({ files: [], builtins: ['dgram'], native: [], sockets: [], dictionaries: [] });
  });

  it('counts a native add-on', async () => {
    const { native, files } = await inspectImport('argon2');
    expect(native).toEqual([expect.stringMatching(/argon2.*\.node$/)]);
    expect(files.length).toBeGreaterThan(0);
  });

  it('counts the files of a dictionary', async () => {
    const { dictionaries, native } = await inspectImport('@zxcvbn-ts/language-en');
    expect(dictionaries.length).toBeGreaterThan(0);
    expect(native).toEqual([]);
  });

  it('counts a socket and a name look-up', async () => {
    const work = `const net = await import('node:net'); net.connect(1, 'localhost').on('error', () => undefined);`;
    const { sockets, builtins } = JSON.parse(await fresh(watching(work), 'module')) as Loaded;
    expect(sockets).toEqual(expect.arrayContaining(['TCPWRAP', 'GETADDRINFOREQWRAP']));
    expect(builtins).toContain('net');
  });
});
