import { describe, expect, it } from 'vitest';
import type { IncidentOptions } from '../../src/flows/incident/parts.ts';
import type { ContainPlan, ContainProgress } from '../../src/flows/incident/plan.ts';
import { attack, attacker, processOf, stores, world, type World } from './incident-setup.ts';

/** Somebody who signs in from the attacker's address when a step is at that point, once. */
function comesIn(at: World, accountId: string, when: ContainProgress['step'], state: ContainProgress['state']): (progress: ContainProgress) => void {
  let isIn = false;
  return (progress) => {
    if (isIn || progress.step !== when || progress.state !== state) return;
    isIn = true;
    at.clock.setWallMs(at.clock.nowMs() + 2_000);
    at.signIns.push({ accountId, atMs: at.clock.nowMs() - 1_000, source: attacker });
  };
}

// ASVS 5.0 7.4.5, 7.4.3
describe.each(stores)('who comes in from the sources of the attack after sessions have ended, %s', (on) => {
  it.each<[ContainProgress['step'], ContainProgress['state'], Partial<ContainPlan>]>([
    ['sessions', 'done', {}], ['find', 'begun', {}], ['find', 'done', {}], ['resets', 'begun', {}], ['resets', 'done', {}], ['second-factor', 'begun', {}],
    ['find', 'begun', { sessions: 'affected' }], ['sessions', 'done', { sessions: 'affected' }], ['resets', 'done', { sessions: 'affected' }],
    ['find', 'begun', { sessions: { organizations: ['team'] } }],
  ])('while %s is %s is found, marked, put out and told, once (%j)', async (step, state, more) => {
    const at = world({ on });
    const plan = attack(at, { affected: { sources: [attacker] }, ...more });
    const { incident, resets, epochs } = processOf(at);
    const coming = comesIn(at, 'a6', step, state);
    let mark: Awaited<ReturnType<typeof epochs.mark>> | undefined;
    const marks: Promise<void>[] = [];
    const onProgress = (progress: ContainProgress): void => {
      coming(progress);
      if (mark === undefined && at.signIns.some(({ accountId }) => accountId === 'a6')) marks.push(epochs.mark({ accountId: 'a6' }).then((given) => { mark ??= given; }));
    };
    const report = await incident.contain({ ...plan, onProgress });
    await Promise.all(marks);
    expect(report).toMatchObject({ complete: true, affected: { total: 3, because: { 'signed-in': 3 } }, resets: { marked: 3, already: 0 }, notices: { affected: { told: 3 }, everyoneElse: { told: 7 } } });
    expect(await resets.check({ accountId: 'a6' })).toMatchObject({ reason: 'incident' });
    expect(at.mails.filter(({ to }) => to === 'a6@example.com').map(({ kind }) => kind)).toEqual(['incident-affected']);
    const [mails, events] = [at.mails.length, at.events.length];
    expect(await processOf(at).incident.contain(plan)).toEqual(report);
    expect([at.mails.length, at.events.length]).toEqual([mails, events]);
  });

  it('loses the session that was begun with it, also one of an account that was found before, and where no password is marked', async () => {
    for (const who of ['a6', 'a1']) {
      const at = world({ on });
      const { epochs } = processOf(at);
      const plan = attack(at, { affected: { sources: [attacker] }, reset: false });
      const beganMs = at.clock.nowMs();
      let mark = await epochs.mark({ accountId: who });
      // It begins when everyone's sessions have ended, and the sign-ins are being looked through.
      const signIns: IncidentOptions['signIns'] = async function* ({ fromMs, untilMs }) {
        if (!at.signIns.some(({ atMs }) => atMs > beganMs)) {
          at.clock.setWallMs(at.clock.nowMs() + 2_000);
          mark = await epochs.mark({ accountId: who });
          at.signIns.push({ accountId: who, atMs: at.clock.nowMs(), source: attacker });
          at.clock.setWallMs(at.clock.nowMs() + 2_000);
        }
        for (const each of at.signIns) if (each.source === attacker && each.atMs >= fromMs && each.atMs <= untilMs) yield each;
      };
      expect(await processOf(at, { signIns }).incident.contain(plan)).toMatchObject({ complete: true });
      expect(await epochs.check({ accountId: who, mark }), who).toMatchObject({ live: false });
    }
  });
});

describe('the last look', () => {
  it('does not look past the end of the attack, if the plan names it', async () => {
    const at = world();
    let asked = 0;
    const signIns: IncidentOptions['signIns'] = async function* () {
      asked += 1;
      yield* [];
    };
    await processOf(at, { signIns }).incident.contain(attack(at));
    expect(asked).toBe(1);
    await processOf(at, { signIns }).incident.contain(attack(at, { id: 'open', affected: { sources: [attacker] } }));
    expect(asked).toBe(3);
  });

  it('that fails keeps nobody from being marked, and is taken by the next call; until then nobody is told that they are not affected', async () => {
    const at = world();
    const plan = attack(at, { affected: { sources: [attacker] } });
    let asked = 0;
    const signIns: IncidentOptions['signIns'] = async function* ({ fromMs, untilMs }) {
      asked += 1;
      if (asked === 2) throw new Error('the log is full');
      for (const each of at.signIns) if (each.source === attacker && each.atMs >= fromMs && each.atMs <= untilMs) yield await Promise.resolve(each);
    };
    const { incident } = processOf(at, { signIns });
    expect(await incident.contain({ ...plan, onProgress: comesIn(at, 'a6', 'find', 'done') })).toMatchObject({ complete: false, affected: { total: 2 }, resets: { marked: 2 }, notices: { affected: { told: 2 }, everyoneElse: { told: 0 } } });
    expect(await incident.contain(plan)).toMatchObject({ complete: true, affected: { total: 3 }, resets: { marked: 3 }, notices: { affected: { told: 3 }, everyoneElse: { told: 7 } } });
    expect(at.mails).toHaveLength(10);
  });

  it('is taken by many calls at once, and by one after another that ends at it', async () => {
    const at = world();
    const plan = attack(at, { affected: { sources: [attacker] } });
    const stop = new AbortController();
    let finds = 0;
    const onProgress: ContainPlan['onProgress'] = (progress) => {
      if (progress.step !== 'find' || progress.state !== 'begun') return;
      finds += 1;
      if (finds === 2) stop.abort(new Error('enough'));
    };
    await expect(processOf(at).incident.contain({ ...plan, onProgress, signal: stop.signal })).rejects.toThrow('enough');
    at.clock.setWallMs(at.clock.nowMs() + 2_000);
    at.signIns.push({ accountId: 'a6', atMs: at.clock.nowMs() - 1_000, source: attacker });
    const reports = await Promise.all(Array.from({ length: 10 }, () => processOf(at).incident.contain(plan)));
    for (const report of reports) expect(report).toMatchObject({ complete: true, affected: { total: 3 }, resets: { marked: 3, already: 0 } });
    expect(new Set(at.mails.map(({ to }) => to)).size).toBe(10);
    expect(at.mails).toHaveLength(10);
  });

  it('finds nobody less where the clock was set back in the middle', async () => {
    const at = world();
    const plan = attack(at, { affected: { sources: [attacker] } });
    const onProgress = ({ step, state }: ContainProgress): void => {
      if (step !== 'resets' || state !== 'begun') return;
      at.clock.setWallMs(at.clock.nowMs() - 86_400_000);
      at.signIns.push({ accountId: 'a6', atMs: at.clock.nowMs(), source: attacker });
    };
    expect(await processOf(at).incident.contain({ ...plan, onProgress })).toMatchObject({ complete: true, affected: { total: 3 } });
  });
});
