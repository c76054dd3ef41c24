import { Agent } from 'undici';

export interface WireRequest {
  readonly path: string;
  /** Fields of a form; a request with them is a POST. */
  readonly form?: Readonly<Record<string, string>>;
  /** Default: JSON. */
  readonly accept?: Accept;
  readonly cookie?: string;
}

export type Accept = 'application/json' | 'text/html';

/** What came back, and how long it took. */
export interface Exchange {
  readonly status: number;
  /** In the order in which they came. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly ms: number;
  /** `name=value` of each cookie that was set. */
  readonly cookies: readonly string[];
}

/** Sends from any address of the loopback network, each with connections of its own. */
export interface Network {
  send(source: string, request: WireRequest): Promise<Exchange>;
  close(): Promise<void>;
}

const patienceMs = 15_000;

export function createNetwork(baseUrl: string, signal: AbortSignal): Network {
  const agents = new Map<string, Agent>();

  function agentOf(source: string): Agent {
    const known = agents.get(source);
    if (known !== undefined) return known;
    // `connect: { localAddress }` would be ignored without a word.
    const agent = new Agent({ localAddress: source, keepAliveTimeout: 1_500, headersTimeout: patienceMs, bodyTimeout: patienceMs });
    agents.set(source, agent);
    return agent;
  }

  return {
    async send(source, { path, form, accept = 'application/json', cookie }) {
      const headers = { accept, ...(cookie !== undefined && { cookie }), ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }) };
      const body = form === undefined ? null : new URLSearchParams(form).toString();
      const startedAt = performance.now();
      const response = await agentOf(source).request({ origin: baseUrl, path, method: form === undefined ? 'GET' : 'POST', headers, body, signal });
      const text = await response.body.text();
      const ms = performance.now() - startedAt;
      return { status: response.statusCode, headers: flatHeaders(response.headers), body: text, ms, cookies: cookiesOf(response.headers['set-cookie']) };
    },
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

function flatHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Readonly<Record<string, string>> {
  const flat = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')] as const);
  return Object.fromEntries(flat);
}

function cookiesOf(header: string | string[] | undefined): readonly string[] {
  const all = header === undefined ? [] : [header].flat();
  return all.map((cookie) => cookie.split(';')[0] ?? '');
}

/** The JSON of an answer as an object; empty where it is none. */
export function jsonOf({ body }: Exchange): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

/** Keeps the cookies of whoever sends. */
export interface Browser {
  send(request: WireRequest): Promise<Exchange>;
}

export function createBrowser(send: (request: WireRequest) => Promise<Exchange>): Browser {
  const jar = new Map<string, string>();
  return {
    async send(request) {
      const cookie = [...jar.values()].join('; ');
      const answer = await send({ ...request, ...(cookie !== '' && { cookie }) });
      for (const pair of answer.cookies) {
        const [name = '', value] = pair.split('=');
        // An empty value is how the app takes a cookie back.
        if (value === '') jar.delete(name);
        else jar.set(name, pair);
      }
      return answer;
    },
  };
}
