import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clientAddress, type AddressedRequest, type ClientAddressOptions } from 'portcullis/client-address';

const proxy = '10.0.0.1';
const client = '203.0.113.7';
const forged = '198.51.100.66';
const trusted = ['10.0.0.0/8', 'fd00::/8'];

function asked(options: ClientAddressOptions, remoteAddress: string | undefined, headers: AddressedRequest['headers'] = {}): string | undefined {
  return clientAddress(options)({ headers, socket: { remoteAddress } });
}

const ways: readonly (readonly [string, ClientAddressOptions])[] = [
  ['by trusted networks', { trusted }],
  ['by a count', { hops: 1 }],
  ['by one header', { trusted, header: 'CF-Connecting-IP' }],
];

// ASVS 5.0 4.1.3
describe('an address from trusted networks', () => {
  it.each<readonly [string, string, string | undefined, string]>([
    ['one proxy', proxy, client, client],
    ['three proxies', proxy, `${client}, 10.0.0.3, 10.0.0.2`, client],
    ['what the client has added', proxy, `${forged}, ${client}`, client],
    ['ten thousand hops that the client has added', proxy, `${`${forged}, `.repeat(10_000)}${client}`, client],
    ['no proxy', client, undefined, client],
    ['somebody who comes past the proxies', client, forged, client],
    ['a proxy that says nothing', proxy, undefined, proxy],
    ['proxies alone', proxy, '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['nobody by name', proxy, 'unknown', proxy],
    ['an empty list', proxy, '', proxy],
    ['an empty item', proxy, `${forged}, , 10.0.0.2`, '10.0.0.2'],
    ['an empty item at the end', proxy, `${forged},`, proxy],
    ['words before a proxy', proxy, 'localhost, 10.0.0.2', '10.0.0.2'],
    ['ten megabytes without a comma', proxy, 'a'.repeat(10_000_000), proxy],
    ['ten megabytes of commas', proxy, ','.repeat(10_000_000), proxy],
    ['more proxies than there can be', proxy, `${forged}, ${'10.0.0.2, '.repeat(100_000)}10.0.0.3`, '10.0.0.2'],
    ['a port', proxy, `${client}:51820`, client],
    ['no port', proxy, `${client}:`, proxy],
    ['a port that is too long', proxy, `${client}:518200`, proxy],
    ['an IPv6 address', proxy, '2001:DB8:0:0::7', '2001:db8::7'],
    ['an IPv6 address in brackets', proxy, '[2001:db8::7]', '2001:db8::7'],
    ['an IPv6 address with a port', proxy, '[2001:db8::7]:443', '2001:db8::7'],
    ['half a bracket', proxy, '[2001:db8::7', proxy],
    ['an IPv4 address in brackets', proxy, `[${client}]`, proxy],
    ['a mapped client', proxy, `::ffff:${client}`, client],
    ['a mapped client in hexadecimal', proxy, '::ffff:cb00:7107', client],
    ['a mapped proxy', `::ffff:${proxy}`, client, client],
    ['an IPv6 proxy', 'fd00::1', client, client],
    ['a zone', 'fe80::1%eth0', client, 'fe80::1'],
    ['a forwarded zone', proxy, 'fe80::1%eth0', 'fe80::1'],
    ['a zone that is none', proxy, `${client}%eth0`, proxy],
    ['spaces and tabs', proxy, `\t ${client} \t`, client],
    ['a zero in front', proxy, '203.0.113.007', proxy],
    ['a number', proxy, '3405803783', proxy],
    ['a NUL', proxy, `${client}\0`, proxy],
  ])('is right behind %s', (_what, peer, list, expected) => {
    expect(asked({ trusted }, peer, { 'x-forwarded-for': list })).toBe(expected);
  });
});

describe('an address by a count of proxies', () => {
  it.each<readonly [number, string | undefined, string]>([
    [1, `${forged}, ${client}`, client],
    [2, `${forged}, ${client}, 192.0.2.9`, client],
    [2, client, client],
    [1, undefined, proxy],
    [3, `garbage, ${client}, 192.0.2.9`, client],
    [1, `${forged}, `, proxy],
    [16, `${'192.0.2.9, '.repeat(10_000)}${client}`, '192.0.2.9'],
  ])('goes %i steps to the left of %s', (hops, list, expected) => {
    expect(asked({ hops }, proxy, { 'x-forwarded-for': list?.length === 0 ? undefined : list })).toBe(expected);
  });
});

describe('an address from one header', () => {
  const options = { trusted, header: 'CF-Connecting-IP' };

  it.each<readonly [string, string, string | undefined, string]>([
    ['a trusted proxy sets it', proxy, client, client],
    ['a stranger sets it', client, forged, client],
    ['it is not there', proxy, undefined, proxy],
    ['it came twice', proxy, `${forged}, ${client}`, proxy],
    ['it is no address', proxy, 'localhost', proxy],
    ['it is mapped', proxy, `::ffff:${client}`, client],
    ['it is ten megabytes', proxy, '1'.repeat(10_000_000), proxy],
  ])('is right where %s', (_what, peer, value, expected) => {
    expect(asked(options, peer, { 'cf-connecting-ip': value, 'x-forwarded-for': forged })).toBe(expected);
  });
});

describe.each(ways)('an address %s', (_how, options) => {
  it('is not changed by any other header', () => {
    const headers = { 'forwarded': `for=${forged}`, 'x-real-ip': forged, 'client-ip': forged, 'x-client-ip': forged, 'x-forwarded-host': forged, 'true-client-ip': forged, 'x-forwarded': forged, 'via': forged };
    expect(asked(options, proxy, headers)).toBe(proxy);
    expect(asked(options, client, headers)).toBe(client);
  });

  it.each<readonly [string, unknown]>([
    ['no address', { headers: { 'x-forwarded-for': forged, 'cf-connecting-ip': forged }, socket: {} }],
    ['a path as the address', { headers: { 'x-forwarded-for': forged }, socket: { remoteAddress: '/run/app.sock' } }],
    ['no socket', { headers: {} }],
    ['no headers', { socket: { remoteAddress: proxy } }],
    ['nothing', undefined],
    ['a getter that throws', { headers: {}, get socket() { throw new Error('no'); } }],
  ])('is undefined for %s', (_what, req) => {
    expect(clientAddress(options)(req as AddressedRequest)).toBe(undefined);
  });

  it.each<readonly [string, unknown]>([['a list', [forged]], ['a number', 5], ['an object', { toString: () => forged }]])('believes no header that is %s', (_what, value) => {
    expect(asked(options, proxy, { 'x-forwarded-for': value, 'cf-connecting-ip': value } as never)).toBe(proxy);
  });

  it('takes nothing from a prototype', () => {
    expect(asked(options, proxy, Object.create({ 'x-forwarded-for': forged, 'cf-connecting-ip': forged }) as AddressedRequest['headers'])).toBe(proxy);
  });
});

describe('the options of clientAddress', () => {
  it.each<readonly [unknown, string]>([
    [{}, 'clientAddress: expected either "trusted" or "hops"'],
    [undefined, 'clientAddress: expected either "trusted" or "hops"'],
    [{ trusted, hops: 1 }, 'clientAddress: expected either "trusted" or "hops"'],
    [{ header: 'x-real-ip' }, 'clientAddress: expected either "trusted" or "hops"'],
    [{ hops: 1, header: 'x-real-ip' }, 'clientAddress.header: expected "trusted" beside it'],
    [{ trusted: [] }, 'clientAddress.trusted: expected an array of 1 to 1000 addresses or networks'],
    [{ trusted: '10.0.0.0/8' }, 'clientAddress.trusted: expected an array of 1 to 1000 addresses or networks'],
    [{ trusted: new Array(1_001).fill(proxy) }, 'clientAddress.trusted: expected an array of 1 to 1000 addresses or networks'],
    [{ trusted: [proxy, 'loopback'] }, 'clientAddress.trusted[1]: expected a network address or a network'],
    [{ trusted: ['10.0.0.0/33'] }, 'clientAddress.trusted[0]: expected a network address or a network'],
    [{ trusted: ['0.0.0.0/0'] }, 'clientAddress.trusted[0]: expected a network of your proxies'],
    [{ trusted: [proxy, '::/0'] }, 'clientAddress.trusted[1]: expected a network of your proxies'],
    [{ trusted: ['::ffff:10.0.0.0/104'] }, 'clientAddress.trusted[0]: expected a network address or a network'],
    [{ hops: 0 }, 'clientAddress.hops: expected a whole number from 1 to 16'],
    [{ hops: 1.5 }, 'clientAddress.hops: expected a whole number from 1 to 16'],
    [{ hops: true }, 'clientAddress.hops: expected a whole number from 1 to 16'],
    [{ trusted, header: 'X-Forwarded-For' }, 'clientAddress.header: expected a header that holds one address'],
    [{ trusted, header: 'Forwarded' }, 'clientAddress.header: expected a header that holds one address'],
    [{ trusted, header: 'a header' }, 'clientAddress.header: expected the name of a header field'],
    [{ trusted, headers: 'x' }, 'clientAddress.headers: unknown option, did you mean "header"?'],
  ])('refuse %j', (options, message) => {
    expect(() => clientAddress(options as ClientAddressOptions)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining(message) as string }) as Error);
  });
});

describe('a server of node:http', () => {
  async function answers(listenOn: { readonly port: 0; readonly host: string } | { readonly path: string }, options: ClientAddressOptions, headers: Readonly<Record<string, string | string[]>>): Promise<string> {
    const addressOf = clientAddress(options);
    const server = createServer((req, res) => {
      res.end(String(addressOf(req)));
    });
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => { server.listen(listenOn, resolve); });
    const at = server.address();
    const target = typeof at === 'string' ? { socketPath: at } : { host: '127.0.0.1', port: at?.port };
    return new Promise((resolve, reject) => {
      request({ ...target, headers, agent: false }, (res) => {
        res.on('data', (chunk) => { resolve(String(chunk)); });
      }).on('error', reject).end();
    });
  }
  const local = { port: 0, host: '127.0.0.1' } as const;

  it('reads several lines of a header as one list', async () => {
    expect(await answers(local, { trusted: ['127.0.0.0/8'] }, { 'X-Forwarded-For': [forged, client] })).toBe(client);
  });

  it('believes nobody whom it was not told to', async () => {
    expect(await answers(local, { trusted: [proxy] }, { 'X-Forwarded-For': forged })).toBe('127.0.0.1');
  });

  it('believes one header that came twice in neither form', async () => {
    expect(await answers(local, { trusted: ['127.0.0.1'], header: 'x-real-ip' }, { 'X-Real-IP': [forged, client] })).toBe('127.0.0.1');
  });

  it('says undefined of a connection without an address', async () => {
    expect(await answers({ path: join(tmpdir(), `portcullis-${process.pid}-${Date.now()}.sock`) }, { hops: 1 }, { 'X-Forwarded-For': forged })).toBe('undefined');
  });
});

