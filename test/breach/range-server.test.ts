import { fakeClock, startRangeServer, type RangeServerOptions } from 'portcullis/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { addressOf, leaked, turnsPass } from './setup.ts';

async function start(options: RangeServerOptions = {}) {
  const server = await startRangeServer({ passwords: leaked, ...options });
  onTestFinished(() => server.close());
  return server;
}

async function rowsOf(url: string, headers: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const response = await fetch(url, { headers });
  return (await response.text()).split('\r\n');
}

// As the service's worker and its live answers have it: standards of HIBP's range API.
describe('the range server for tests', () => {
  it('answers every prefix with sorted rows of 35 digits and a count, CRLF between them and none at the end', async () => {
    const { url } = await start();
    for (const prefix of ['00000', 'FFFFF', '21BD1', 'abcde']) {
      const response = await fetch(`${url}/range/${prefix}`);
      const body = await response.text();
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/plain');
      expect(response.headers.get('cache-control')).toBe('public, max-age=2678400');
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(body).toMatch(/^(?:[\dA-F]{35}:[1-9]\d*\r\n)*[\dA-F]{35}:[1-9]\d*$/);
      const rows = body.split('\r\n');
      expect(rows.length).toBeGreaterThanOrEqual(1_900);
      expect(rows).toEqual([...rows].sort());
    }
  });

  it('has the passwords it was given in their ranges, whatever the case of the prefix', async () => {
    const { url } = await start();
    for (const [password, count] of leaked) {
      const { prefix, suffix } = addressOf(password);
      expect(await rowsOf(`${url}/range/${prefix}`)).toContain(`${suffix}:${count}`);
      expect(await rowsOf(`${url}/range/${prefix.toLowerCase()}`)).toContain(`${suffix}:${count}`);
      expect(await rowsOf(`${url}/range/${prefix}?mode=sha1`)).toContain(`${suffix}:${count}`);
    }
  });

  it('makes the other rows up the same way at every start', async () => {
    const [one, other] = [await start(), await start()];
    expect(await rowsOf(`${one.url}/range/0A1B2`)).toEqual(await rowsOf(`${other.url}/range/0A1B2`));
    expect(await rowsOf(`${one.url}/range/0A1B2`)).not.toEqual(await rowsOf(`${one.url}/range/0A1B3`));
  });

  it('appends 10 to 209 rows of count 0 when padding is asked for, another number each time', async () => {
    const { url } = await start({ fillerRows: 20 });
    const plain = await rowsOf(`${url}/range/21BD1`);
    const seen = new Set<number>();
    for (let round = 0; round < 200; round += 1) {
      const rows = await rowsOf(`${url}/range/21BD1`, { 'add-padding': round % 2 === 0 ? 'true' : 'TRUE' });
      expect(rows.slice(0, plain.length)).toEqual(plain);
      const padding = rows.slice(plain.length);
      expect(padding.every((row) => /^[\dA-F]{35}:0$/.test(row))).toBe(true);
      seen.add(padding.length);
    }
    expect([Math.min(...seen), Math.max(...seen), seen.size]).toEqual([10, 209, 200]);
    expect(await rowsOf(`${url}/range/21BD1`, { 'add-padding': 'false' })).toEqual(plain);
  });

  it.each([
    ['GET', '/range/21BD', 400],
    ['GET', '/range/21BD12', 400],
    ['GET', '/range/21BDG', 400],
    ['GET', '/range/', 400],
    ['GET', '/', 400],
    ['POST', '/range/21BD1', 405],
    ['DELETE', '/range/21BD1', 405],
  ])('answers %s %s with %i', async (method, path, status) => {
    const { url } = await start();
    expect((await fetch(url + path, { method })).status).toBe(status);
  });

  it('writes down what it was asked, or not', async () => {
    const [writing, silent] = [await start(), await start({ record: false })];
    for (const { url } of [writing, silent]) await rowsOf(`${url}/range/21BD1`, { 'user-agent': 'me' });
    expect(writing.requests).toMatchObject([{ method: 'GET', path: '/range/21BD1', headers: { 'user-agent': 'me' } }]);
    expect(silent.requests).toEqual([]);
  });

  it('meets a fault as often as it was told, that of a prefix before that of all', async () => {
    const { url, setFault } = await start();
    const status = async (prefix: string): Promise<number> => (await fetch(`${url}/range/${prefix}`)).status;
    setFault({ kind: 'status', status: 503 }, { times: 2 });
    setFault({ kind: 'status', status: 502 }, { prefix: 'abcde', times: 1 });
    expect([await status('ABCDE'), await status('ABCDE'), await status('00000'), await status('00000')]).toEqual([502, 503, 503, 200]);
    setFault({ kind: 'status', status: 500 });
    setFault(undefined);
    expect(await status('00000')).toBe(200);
  });

  it('breaks off half-way in every framing, as a fetch of another maker sees it', async () => {
    const { url, setFault } = await start();
    const whole = (await (await fetch(`${url}/range/21BD1`)).text()).length;
    for (const framing of ['length', 'chunked'] as const) {
      setFault({ kind: 'cut-off', framing });
      await expect(fetch(`${url}/range/21BD1`).then((response) => response.text())).rejects.toThrow();
    }
    setFault({ kind: 'cut-off', framing: 'close' });
    const half = await (await fetch(`${url}/range/21BD1`)).text();
    expect(half.length).toBe(Math.floor(whole / 2));
    setFault({ kind: 'reset' });
    await expect(fetch(`${url}/range/21BD1`)).rejects.toThrow();
  });

  it('delays on the clock it was given', async () => {
    const clock = fakeClock();
    const { url, setFault, requests } = await start({ clock });
    setFault({ kind: 'delay', delayMs: 250 });
    const settled = vi.fn();
    const answer = fetch(`${url}/range/21BD1`);
    void answer.then(settled);
    await vi.waitFor(() => {
      expect(requests).toHaveLength(1);
    });
    await clock.advance(249);
    await turnsPass();
    expect(settled).not.toHaveBeenCalled();
    await clock.advance(1);
    expect((await answer).status).toBe(200);
  });

  it.each([
    [{ password: [] }, 'rangeServer.password: unknown option, did you mean "passwords"?'],
    [{ passwords: 5 }, 'rangeServer.passwords: expected a Map or pairs of password and count, got 5'],
    [{ fillerRows: -1 }, 'rangeServer.fillerRows: expected a whole number from 0 to 20000, got -1'],
  ])('refuses a wrong option: %o', async (options, message) => {
    await expect(startRangeServer(options as unknown as RangeServerOptions)).rejects.toMatchObject({ code: 'ERR_CONFIG', message });
  });
});
