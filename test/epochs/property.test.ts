import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EpochMark } from '../../src/ports/session.ts';
import { by, dayMs, said, setup, type Setup } from './setup.ts';

type Step =
  | { readonly do: 'raise'; readonly scope: string; readonly process: number }
  | { readonly do: 'sign-in'; readonly accountId: string; readonly teams: readonly string[]; readonly process: number }
  | { readonly do: 'check'; readonly process: number }
  | { readonly do: 'others'; readonly accountId: string; readonly process: number }
  | { readonly do: 'lose' | 'restart' | 'clock-back' | 'wait' };

interface Session {
  readonly accountId: string;
  readonly teams: readonly string[];
  readonly mark: EpochMark;
  /** How often each of its scopes had been raised, and how often the store had lost everything, when it began. */
  readonly counts: ReadonlyMap<string, number>;
}

const scopes = ['everyone', 'organization t', 'organization u', 'user a', 'user b'] as const;
const processes = fc.constantFrom(0, 1, 2);
const accounts = fc.constantFrom('a', 'b');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('sign-in' as const), accountId: accounts, teams: fc.subarray(['t', 'u']), process: processes }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('raise' as const), scope: fc.constantFrom(...scopes), process: processes }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('check' as const), process: processes }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('others' as const), accountId: accounts, process: processes }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('lose', 'restart', 'clock-back', 'wait') }) },
);

/** Three processes with one store, what was done to it, and the sessions that live in them. */
function model() {
  const first = setup();
  const all: Setup[] = [first, first.another(), first.another()];
  const counts = new Map<string, number>();
  const sessions: Session[] = [];
  const at = (process: number): Setup => all[process] as Setup;
  const count = (scope: string): void => void counts.set(scope, (counts.get(scope) ?? 0) + 1);
  const scopesOf = ({ accountId, teams }: Pick<Session, 'accountId' | 'teams'>): readonly string[] => ['lost', 'everyone', `user ${accountId}`, ...teams.map((team) => `organization ${team}`)];
  const begin = (accountId: string, teams: readonly string[], mark: EpochMark): void => void sessions.push({ accountId, teams, mark, counts: new Map(counts) });
  /** Whether nothing that a session hangs on was raised or lost since it began. */
  const isSound = (session: Session): boolean => scopesOf(session).every((scope) => session.counts.get(scope) === counts.get(scope));

  async function raise({ epochs }: Setup, scope: string): Promise<void> {
    const [kind, id = ''] = scope.split(' ');
    if (kind === 'everyone') await epochs.revokeEveryone({ by });
    else if (kind === 'user') await epochs.revokeUser({ accountId: id });
    else await epochs.revokeOrganization({ id, by });
    count(scope);
  }

  async function others({ epochs }: Setup, accountId: string): Promise<void> {
    count(`user ${accountId}`);
    begin(accountId, [], await epochs.revokeOthers({ accountId }));
  }

  async function lose(): Promise<void> {
    for (const scope of scopes) await first.lose(scope);
    count('lost');
  }

  async function run(each: Step): Promise<void> {
    // Nothing happens in no time: only a store that forgets and a raise in the same ms could make one epoch twice.
    await first.clock.advance(1);
    if (each.do === 'raise') await raise(at(each.process), each.scope);
    else if (each.do === 'sign-in') begin(each.accountId, each.teams, await at(each.process).epochs.mark({ accountId: each.accountId, organizationIds: each.teams }));
    else if (each.do === 'others') await others(at(each.process), each.accountId);
    else if (each.do === 'check') for (const { accountId, mark } of sessions) await at(each.process).epochs.check({ accountId, mark });
    else if (each.do === 'lose') await lose();
    else if (each.do === 'restart') all[1] = first.another();
    else if (each.do === 'clock-back') first.clock.setWallMs(first.clock.nowMs() - dayMs);
    else await first.clock.advance(400);
  }

  return { first, all, sessions, isSound, run };
}

describe('whatever happens, in three processes with one store,', () => {
  // ASVS 5.0 7.4.1, 7.4.3, 7.4.5
  it('no session lives after a raise or a loss that it began before, once maxStaleMs are over, and every other does', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const self = model();
      for (const each of steps) await self.run(each);
      await self.first.clock.advance(1_000);
      for (const session of self.sessions) {
        for (const { epochs } of self.all) {
          expect((await epochs.check(session)).live).toBe(self.isSound(session));
          // At once, of what that has just read: no other answer.
          expect(epochs.checkNow(session)?.live ?? false).toBe(self.isSound(session));
        }
      }
    }), { numRuns: 300 });
  }, 60_000);

  it('a session that has just begun lives in all of them, unless the store lost its data a moment ago', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step.filter((each) => each.do !== 'lose'), { maxLength: 30 }), accounts, async (steps, accountId) => {
      const self = model();
      for (const each of steps) await self.run(each);
      for (const signedInAt of self.all) {
        const mark = await signedInAt.epochs.mark({ accountId, organizationIds: ['t'] });
        for (const { epochs } of self.all) expect(await said(epochs.check({ accountId, mark }))).toBe('live');
      }
    }), { numRuns: 300 });
  }, 60_000);
});
