import { describe, expect, it } from 'vitest';
import type { ProbeTools } from '../../examples/incident-drill/attack/doors.ts';
import { createEnumeration, type Enumeration } from '../../examples/incident-drill/attack/enumerate.ts';
import type { Exchange, WireRequest } from '../../examples/incident-drill/wire.ts';

const emails = (name: string): string[] => Array.from({ length: 12 }, (_, index) => `${name}.${String.fromCharCode(97 + index)}@list.example`);
const known = { registered: emails('own'), unregistered: emails('free') };
const targets = { registered: emails('victim'), unregistered: emails('stranger') };

type Leak = (request: WireRequest, isRegistered: boolean) => Partial<Exchange>;

/** An app that answers all alike, but for the leak. */
function toolsFor(leak: Leak, heard: string[] = []): ProbeTools {
  const accounts = new Set([...known.registered, ...targets.registered]);
  const invited: string[] = [];
  const send = async (request: WireRequest): Promise<Exchange> => {
    const email = request.form?.['email'] ?? new URLSearchParams(request.path.split('?')[1]).get('email') ?? '';
    heard.push(`${request.path.split('?')[0] ?? ''} ${email}`);
    if (request.path === '/team/invite') invited.push(email);
    const body = request.path === '/team' ? JSON.stringify({ invited }) : 'Check your mail.';
    return { status: 200, headers: {}, body, ms: 250, cookies: [], ...leak(request, accounts.has(email)) };
  };
  return { send, member: () => ({ send }), secret: () => 'a password nobody has' };
}

async function enumerate(tools: ProbeTools): Promise<{ readonly enumeration: Enumeration; readonly right: number; readonly verdicts: ReadonlySet<string> }> {
  const enumeration = createEnumeration({ seed: 1, tools });
  await enumeration.calibrate(known);
  const verdicts = await enumeration.classify([...targets.registered, ...targets.unregistered]);
  const right = targets.registered.filter((email) => verdicts.get(email) === 'registered').length + targets.unregistered.filter((email) => verdicts.get(email) === 'unregistered').length;
  return { enumeration, right, verdicts: new Set(verdicts.values()) };
}

function telling({ findings }: Enumeration): readonly string[] {
  return findings.flatMap(({ name, evidence }) => evidence.map(({ kind }) => `${name} ${kind}`));
}

describe('enumeration through the doors', () => {
  it('knows nothing of an app that answers all alike', async () => {
    const { enumeration, verdicts } = await enumerate(toolsFor(() => ({})));
    expect(telling(enumeration)).toEqual([]);
    expect([...verdicts]).toEqual(['unknown']);
  });

  it.each<[found: string, leak: Leak]>([
    ['email-available body', ({ path }, is) => (path.startsWith('/api/email-available') ? { body: is ? 'taken' : 'maybe' } : {})],
    ['login time', ({ path }, is) => (path === '/login' && is ? { ms: 300 } : {})],
    ['forgot status', ({ path }, is) => (path === '/forgot' && is ? { status: 202 } : {})],
    ['resend headers', ({ path }, is) => (path === '/resend' && is ? { headers: { vary: 'accept' } } : {})],
    ['invite status', ({ path }, is) => (path === '/team/invite' && is ? { status: 409 } : {})],
    ['signup-refused status', ({ path, form }, is) => (path === '/signup' && form?.['password'] === '' && is ? { status: 409 } : {})],
    ['signup status', ({ path, form }, is) => (path === '/signup' && form?.['password'] !== '' && is ? { status: 409 } : {})],
  ])('finds the one leak there is: %s', async (found, leak) => {
    const { enumeration, right } = await enumerate(toolsFor(leak));
    expect(telling(enumeration)).toEqual([found]);
    expect(right).toBe(24);
  });

  it('finds an invitation that only the page of the team gives away', async () => {
    const accounts = new Set([...known.registered, ...targets.registered]);
    const tools = toolsFor(() => ({}));
    const send = async (request: WireRequest): Promise<Exchange> => {
      const answer = await tools.send(request);
      if (request.path !== '/team') return answer;
      const { invited } = JSON.parse(answer.body) as { invited: string[] };
      return { ...answer, body: JSON.stringify({ invited: invited.filter((email) => !accounts.has(email)) }) };
    };
    const { enumeration, right } = await enumerate({ ...tools, send, member: () => ({ send }) });
    expect(telling(enumeration)).toEqual(['invite body', 'invite length']);
    expect(right).toBe(24);
  });

  it('asks every door about every address, and signs up last, once: that may open an account', async () => {
    const heard: string[] = [];
    await createEnumeration({ seed: 1, tools: toolsFor(() => ({}), heard) }).classify(targets.registered);
    const asked = heard.filter((line) => !line.startsWith('/team '));
    const counts = new Map<string, number>();
    for (const line of asked) counts.set(line.split(' ')[0] ?? '', (counts.get(line.split(' ')[0] ?? '') ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({ '/api/email-available': 36, '/login': 24, '/forgot': 24, '/resend': 12, '/team/invite': 24, '/signup': 24 });
    expect(asked.slice(-12).every((line) => line.startsWith('/signup '))).toBe(true);
  });

  it('asks in an order that the seed decides', async () => {
    const orderOf = async (seed: number): Promise<readonly string[]> => {
      const heard: string[] = [];
      await createEnumeration({ seed, tools: toolsFor(() => ({}), heard) }).classify(targets.registered);
      return heard;
    };
    expect(await orderOf(1)).toEqual(await orderOf(1));
    expect(await orderOf(2)).not.toEqual(await orderOf(1));
  });
});
