import { commonList, createBreachLookup, type BreachSource, type BreachVerdict } from 'portcullis/breach';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { eventRecorder } from '../support/recorder.ts';
import { setup } from './setup.ts';

const password = 'some password';
const clean: BreachVerdict = { verdict: 'clean' };
const unreachable: BreachVerdict = { verdict: 'unknown', reason: 'unreachable' };

function seen(count: number): BreachVerdict {
  return { verdict: 'breached', count };
}

function saying(answer: unknown, source: Partial<BreachSource> = {}): BreachSource & { readonly asked: { readonly budgetMs: number }[] } {
  const asked: { readonly budgetMs: number }[] = [];
  return {
    name: 'own',
    asked,
    ...source,
    async check({ budgetMs }) {
      asked.push({ budgetMs });
      return answer as BreachVerdict;
    },
  };
}

function lookupOf(...sources: readonly BreachSource[]) {
  const clock = fakeClock();
  const { emit, events } = eventRecorder();
  const lookup = createBreachLookup({ sources, clock, emit });
  return { clock, events, check: (budgetMs = 300) => lookup.check({ password, budgetMs }) };
}

// ASVS 6.2.12, 16.5.2.
describe('the verdict of several sources', () => {
  it.each([
    ['clean, when all say so', [clean, clean], clean],
    ['breached, when one says so', [clean, seen(3)], seen(3)],
    ['breached, also beside one that does not know', [unreachable, seen(3)], seen(3)],
    ['the highest count', [seen(3), seen(40), seen(5)], seen(40)],
    ['unknown, when one does not know and nobody says breached', [clean, unreachable, clean], unreachable],
    ['the first reason, when several do not know', [unreachable, { verdict: 'unknown', reason: 'timeout' }], unreachable],
  ] as const)('is %s', async (_, answers, verdict) => {
    expect(await lookupOf(...answers.map((answer) => saying(answer))).check()).toEqual(verdict);
  });

  it('is that of a local source alone when it knows the password: no other is asked', async () => {
    const remote = saying(seen(9));
    expect(await lookupOf(remote, saying(seen(1), { local: true })).check()).toEqual(seen(1));
    expect(remote.asked).toEqual([]);
  });

  it('is that of the others when no local source knows the password, or can say', async () => {
    expect(await lookupOf(saying(seen(9)), saying(clean, { local: true })).check()).toEqual(seen(9));
    expect(await lookupOf(saying(clean), saying(unreachable, { local: true })).check()).toEqual(unreachable);
  });

  it('is breached by the embedded list while the service is down, and unknown for what is not on it', async () => {
    const { server, service } = await setup();
    server.setFault({ kind: 'reset' });
    const lookup = createBreachLookup({ sources: [service, commonList()] });
    expect(await lookup.check({ password: 'iloveyou', budgetMs: 300 })).toEqual(seen(1));
    expect(server.requests).toEqual([]);
    expect(await lookup.check({ password: 'on no list at all', budgetMs: 10_000 })).toEqual(unreachable);
  });
});

describe('a source of the app\'s own', () => {
  const failure = { verdict: 'unknown', reason: 'source-failed' };

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['true', true],
    ['a word', 'clean'],
    ['another verdict', { verdict: 'probably fine' }],
    ['a count of 0', { verdict: 'breached', count: 0 }],
    ['a count of NaN', { verdict: 'breached', count: NaN }],
    ['a count that is text', { verdict: 'breached', count: '12' }],
    ['half a count', { verdict: 'breached', count: 1.5 }],
    ['no count', { verdict: 'breached' }],
    ['no reason', { verdict: 'unknown' }],
    ['a reason of its own, which may be the password', { verdict: 'unknown', reason: password }],
  ])('that answers %s leads to unknown, and an event', async (_, answer) => {
    const { check, events } = lookupOf(saying(answer));
    expect(await check()).toEqual(failure);
    expect(events).toEqual([{ type: 'breach.source-failed', reason: 'own: source-failed' }]);
  });

  it('that rejects, or throws before it has a promise, leads to unknown', async () => {
    const rejecting: BreachSource = { name: 'rejecting', check: () => Promise.reject(new Error(password)) };
    const throwing: BreachSource = {
      name: 'throwing',
      check: () => {
        throw new Error(password);
      },
    };
    for (const source of [rejecting, throwing]) {
      const { check, events } = lookupOf(source);
      expect(await check()).toEqual(failure);
      expect(events).toEqual([{ type: 'breach.source-failed', reason: `${source.name}: source-failed` }]);
    }
  });

  it('that answers at once, without a promise, is heard', async () => {
    const source = { name: 'prompt', check: () => seen(2) } as unknown as BreachSource;
    expect(await lookupOf(source).check()).toEqual(seen(2));
  });

  it('that hangs leads to unknown when the budget is spent, and takes nothing from the others', async () => {
    const hanging: BreachSource = { name: 'hanging', check: () => new Promise(() => undefined) };
    const { check, clock, events } = lookupOf(hanging, saying(clean));
    const answer = check(300);
    await clock.advance(300);
    expect(await answer).toEqual({ verdict: 'unknown', reason: 'timeout' });
    expect(events).toEqual([{ type: 'breach.source-failed', reason: 'hanging: timeout' }]);
    const other = lookupOf(hanging, saying(seen(4)));
    const verdict = other.check(300);
    await other.clock.advance(300);
    expect(await verdict).toEqual(seen(4));
  });

  it('that hangs and is local leaves half the budget to the service', async () => {
    const hanging: BreachSource = { name: 'hanging', local: true, check: () => new Promise(() => undefined) };
    const remote = saying(seen(4));
    const { check, clock } = lookupOf(hanging, remote);
    const answer = check(300);
    await clock.advance(150);
    expect(await answer).toEqual(seen(4));
    expect(remote.asked).toEqual([{ budgetMs: 150 }]);
  });

  it('that fails leads to unknown also where the events go to something that throws', async () => {
    const emit = (): never => {
      throw new Error('the disk of the log is full');
    };
    const lookup = createBreachLookup({ sources: [saying(undefined)], emit });
    expect(await lookup.check({ password, budgetMs: 300 })).toEqual(failure);
  });

  it('has no part in what the caller gets: its object is not handed on', async () => {
    const verdict = { verdict: 'breached', count: 2, password };
    expect(Object.keys(await lookupOf(saying(verdict)).check())).toEqual(['verdict', 'count']);
  });
});

describe('an own source in an outage', () => {
  it('is reported once a minute for each kind', async () => {
    const { check, clock, events } = lookupOf(saying(undefined));
    await check();
    await check();
    expect(events).toHaveLength(1);
    await clock.advance(60_000);
    await check();
    expect(events).toHaveLength(2);
  });
});
