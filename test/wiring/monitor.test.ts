import { describe, expect, it } from 'vitest';
import { memoryStore, type CounterStore, type SecurityEvent } from 'portcullis';
import type { Alarm } from 'portcullis/detect';
import { fakeClock } from 'portcullis/testing';
import { facts, goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';

const attacker = { ...facts, address: '203.0.113.66' };

function sinkOf(alarms: Alarm[]) {
  return { name: 'pager', send: (alarm: Alarm) => void alarms.push(alarm) };
}

/** Pairs of a leak from one address, as slowly as the limits allow: most names are nobody's, and one password is right. */
async function stuff(kit: Kit, names: readonly string[]): Promise<void> {
  for (const identifier of names) {
    await kit.run(kit.portcullis.signIn.attempt({ identifier, password: identifier.startsWith('right') ? goodPassword : otherPassword, facts: attacker }));
    await kit.clock.advance(10_000);
  }
}

async function loaded(kit: Kit): Promise<void> {
  for (let turn = 0; turn < 50 && kit.portcullis.monitor.level() === 'calm'; turn += 1) await new Promise((resolve) => { setTimeout(resolve, 20); });
}

// OWASP OAT-008; ASVS 5.0 16.3.3
describe('an app that is attacked with pairs from a leak', () => {
  it('tells its sinks, raises its level, asks for more than the right password and names the account', async () => {
    const alarms: Alarm[] = [];
    const levels: string[] = [];
    const kit = makeKit({ detect: { sinks: [sinkOf(alarms)], onLevel: (level) => void levels.push(level) } });
    const names = Array.from({ length: 30 }, (_, at) => `user${at}@example.com`);
    for (const email of names.slice(0, 10)) await kit.plant({ email, password: 'another password of their own' });
    await kit.plant({ email: 'right@example.com', password: goodPassword });
    await stuff(kit, [...names, 'right@example.com']);
    await loaded(kit);
    await kit.clock.advance(60_000);
    expect(kit.events.filter(({ type }) => type === 'sign-in.succeeded')).toEqual([]);
    expect(kit.events.filter(({ type }) => type === 'login-guard.decided').at(-1)).toMatchObject({ verdict: 'step-up', reasons: ['source'], enforced: true });
    expect(levels.length).toBeGreaterThan(0);
    expect(alarms.map(({ kind }) => kind)).toContain('stuffing');
    const snapshot = kit.portcullis.monitor.snapshot();
    expect(snapshot.alarms.map(({ sources }) => sources)).toContainEqual(['203.0.113.66']);
    expect(snapshot.sources[0]).toMatchObject({ network: '203.0.113.66' });
    expect(alarms.some(({ isOver }) => isOver)).toBe(false);
    // Whoever was told that it began is told that it is over.
    for (let hour = 0; hour < 30; hour += 1) await kit.clock.advance(3_600_000);
    const [first] = alarms;
    expect(alarms.filter(({ id }) => id === first?.id).at(-1)).toMatchObject({ isOver: true });
  });

  it('tells of it by one of its processes', async () => {
    const clock = fakeClock();
    const counters: CounterStore = { ...memoryStore({ clock }), shared: true };
    const records = memoryStore({ clock });
    const told: Alarm[][] = [[], []];
    const kits = told.map((alarms) => makeKit({ clock, counters, records, detect: { sinks: [sinkOf(alarms)] } }));
    const names = Array.from({ length: 40 }, (_, at) => `user${at}@example.com`);
    for (const kit of kits) {
      for (const email of names.slice(0, 10)) await kit.plant({ email, password: 'another password of their own' });
      await stuff(kit, names);
      await loaded(kit);
    }
    await clock.advance(60_000);
    const kinds = told.map((alarms) => alarms.filter(({ kind }) => kind === 'stuffing').length);
    expect(kinds.filter((count) => count > 0)).toHaveLength(1);
    const raised = kits.map(({ events }) => events.filter((event: SecurityEvent) => event.type === 'alarm.raised').length);
    expect(Math.min(...raised)).toBe(0);
  });
});
