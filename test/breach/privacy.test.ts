import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { rangeService } from 'portcullis/breach';
import { startRangeServer } from 'portcullis/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { leaked, setup } from './setup.ts';

// ASVS 6.2.12, 13.2.4, 15.3.2; the range protocol of haveibeenpwned.com.
describe('what the breach service is told', () => {
  it('is the first five digits of the digest, and that padding is wanted', async () => {
    const { server, service } = await setup({ service: { userAgent: 'mailing-list.example' } });
    expect(await service.check({ password: 'P@ssw0rd', budgetMs: 1_000 })).toEqual({ verdict: 'breached', count: 83_129 });
    expect(server.requests).toEqual([
      {
        method: 'GET',
        path: '/range/21BD1',
        headers: {
          host: new URL(server.url).host,
          connection: 'keep-alive',
          'user-agent': 'mailing-list.example',
          accept: 'text/plain',
          'add-padding': 'true',
        },
      },
    ]);
  });

  it('goes to the path of a mirror, when the address has one', async () => {
    const server = await startRangeServer({ passwords: leaked });
    onTestFinished(() => server.close());
    const service = rangeService({ baseUrl: `${server.url}/mirror/`, dangerouslyAllowHttp: true });
    await service.check({ password: 'P@ssw0rd', budgetMs: 1_000 });
    expect(server.requests[0]?.path).toBe('/mirror/range/21BD1');
  });

  it('never goes over http: unless the app insists', () => {
    expect(() => rangeService({ baseUrl: 'http://127.0.0.1:1' })).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIG',
        message: 'rangeService.baseUrl: expected https: (ASVS 5.0 13.2.4); http: needs dangerouslyAllowHttp',
      }),
    );
    expect(() => rangeService({ baseUrl: 'http://127.0.0.1:1', dangerouslyAllowHttp: true })).not.toThrow();
  });

  it('does not follow a redirect to another server', async () => {
    const elsewhere = await startRangeServer({ passwords: leaked });
    onTestFinished(() => elsewhere.close());
    const { server, service } = await setup();
    server.setFault({ kind: 'status', status: 302, location: `${elsewhere.url}/range/21BD1` });
    expect(await service.check({ password: 'P@ssw0rd', budgetMs: 1_000 })).toEqual({ verdict: 'unknown', reason: 'bad-status' });
    expect(elsewhere.requests).toEqual([]);
  });
});

describe('what the process keeps', () => {
  it('is neither the digest of a password nor its suffix: a heap snapshot after lookups holds none', async () => {
    const { server } = await setup();
    const child = fileURLToPath(new URL('./heap-child.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', child, server.url], { timeout: 60_000 });
    expect(JSON.parse(stdout)).toEqual({
      verdicts: ['breached', 'clean', 'breached', 'clean'],
      foundOfWhatIsKept: ['a string that is kept'],
      foundOfDigests: [],
    });
  }, 60_000);

  it('does not hold the process open: a script that has looked something up ends by itself', async () => {
    const { server } = await setup();
    const source = new URL('../../src/breach/index.ts', import.meta.url).href;
    const script = `import { rangeService } from '${source}';
      const service = rangeService({ baseUrl: '${server.url}', dangerouslyAllowHttp: true });
      console.log(JSON.stringify(await service.check({ password: 'P@ssw0rd', budgetMs: 10_000 })));`;
    const run = promisify(execFile)(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], { timeout: 15_000 });
    expect(JSON.parse((await run).stdout)).toEqual({ verdict: 'breached', count: 83_129 });
  });
});
