import { describe, expect, it } from 'vitest';
import type { IncidentOptions } from '../../src/flows/incident/parts.ts';
import type { ContainPlan } from '../../src/flows/incident/plan.ts';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person, tokenOf } from '../support/person.ts';
import { attack, processOf, stores, world, type World } from './incident-setup.ts';

const email = 'ada@example.com';

function forgot({ portcullis }: Kit, identifier = email, address = '192.0.2.10') {
  return portcullis.passwordReset.request({ identifier, facts: openBrowser(address).facts() });
}

/** Attackers who have found out who has an account ask for links until there are no more. */
async function useUp(kit: Kit, identifier = email): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await kit.value(forgot(kit, identifier, '198.51.100.66'));
  await kit.settle();
  expect(await kit.value(forgot(kit, identifier))).toMatchObject({ reply: { status: 429 } });
  await kit.clock.advance(60_000);
  kit.mails.length = 0;
}

function plan(accountIds: readonly string[]): ContainPlan {
  return { id: 'october', by: 'operator-1', reason: 'Attack', readOnly: false, affected: { accountIds }, secondFactor: false, notices: { affected: true, everyoneElse: false } };
}

// ASVS 5.0 6.4.3
describe('the owner of an affected account', () => {
  it('gets a link to a new password, also where attackers have asked for all that there were', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await useUp(kit);
    expect(await kit.value(kit.portcullis.incident.contain(plan([ada.id])))).toMatchObject({ complete: true, notices: { affected: { told: 1 } } });
    expect(kit.mails.map(({ kind }) => kind)).toEqual(['incident-affected']);
    expect(await kit.value(forgot(kit))).toMatchObject({ reply: { status: 202 } });
    await kit.settle();
    const token = tokenOf(kit, 'reset-password');
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token, password: otherPassword, facts: openBrowser().facts() }))).toMatchObject({ outcome: 'reset' });
  });

  it('gets one by the old password as well, where attackers who know it have had all of those', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await kit.portcullis.resets.mark({ accountId: ada.id, reason: 'incident', by: 'operator-1' });
    const linksBySignIn = async (address: string): Promise<number> => {
      kit.mails.length = 0;
      for (let turn = 0; turn < 4; turn += 1) await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: openBrowser(address).facts() }));
      await kit.settle();
      return kit.mails.filter(({ kind }) => kind === 'reset-password').length;
    };
    await linksBySignIn('198.51.100.1');
    await kit.clock.advance(5 * 60_000);
    await linksBySignIn('198.51.100.2');
    await kit.clock.advance(5 * 60_000);
    await kit.value(kit.portcullis.incident.contain(plan([ada.id])));
    expect(await linksBySignIn('192.0.2.10')).toBeGreaterThan(1);
  });

  it('has no more than the budget of one hour by it, however often the same plan comes', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await useUp(kit);
    for (let turn = 0; turn < 5; turn += 1) {
      await kit.value(kit.portcullis.incident.contain(plan([ada.id])));
      for (let times = 0; times < 3; times += 1) await kit.value(forgot(kit));
    }
    await kit.settle();
    expect(kit.mails.filter(({ kind }) => kind === 'reset-password')).toHaveLength(3);
  });

  it('is the only one: what others were asked for stays counted', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await person(kit, 'bo@example.com');
    await useUp(kit);
    await useUp(kit, 'bo@example.com');
    await kit.value(kit.portcullis.incident.contain(plan([ada.id])));
    expect(await kit.value(forgot(kit, 'bo@example.com'))).toMatchObject({ reply: { status: 429 } });
  });
});

/** Notes whose budgets were renewed, and what had been mailed by then. */
function renewing(at: World, broken: ReadonlySet<string> = new Set()) {
  const renewed: string[] = [];
  const mailedBefore: number[] = [];
  const renewMails: NonNullable<IncidentOptions['renewMails']> = async ({ id }) => {
    if (broken.has(id)) throw new Error('the counters are down');
    renewed.push(id);
    mailedBefore.push(at.mails.filter(({ to }) => to.startsWith(`${id}@`)).length);
    return Promise.resolve();
  };
  return { renewed, mailedBefore, parts: { renewMails } };
}

const affected = ['a0', 'a1', 'a2'];

describe.each(stores)('the budgets of mails of the affected, %s', (on) => {
  it('are renewed once each, before they are told', async () => {
    const at = world({ on });
    const { renewed, mailedBefore, parts } = renewing(at);
    const wanted = attack(at);
    for (let turn = 0; turn < 3; turn += 1) await processOf(at, parts).incident.contain(wanted);
    expect(renewed.toSorted()).toEqual(affected);
    expect(mailedBefore).toEqual([0, 0, 0]);
  });

  it('that cannot be renewed keep nobody from being told, and nothing from its end', async () => {
    const at = world({ on });
    const { renewed, parts } = renewing(at, new Set(['a1']));
    expect(await processOf(at, parts).incident.contain(attack(at))).toMatchObject({ complete: true, notices: { affected: { told: 3, failed: 0 } } });
    expect(renewed.toSorted()).toEqual(['a0', 'a2']);
    expect(at.errors).toMatchObject([{ message: 'the counters are down' }]);
  });

  it('are renewed where a process has died before it was told, and by many calls at once a few times at most', async () => {
    const at = world({ on });
    const { renewed, parts } = renewing(at);
    const wanted = attack(at);
    const dead: IncidentOptions['mailer'] = { send: async () => Promise.reject(new Error('the mailer is down')) };
    await processOf(at, { ...parts, mailer: dead }).incident.contain(wanted);
    await Promise.all(Array.from({ length: 10 }, () => processOf(at, parts).incident.contain(wanted)));
    expect(new Set(renewed)).toEqual(new Set(affected));
    expect(renewed.length).toBe(3);
  });

  it('that never answer are waited for no longer than any other call', async () => {
    const at = world({ on });
    const renewMails = (): Promise<void> => new Promise(() => undefined);
    const contained = processOf(at, { renewMails }).incident.contain(attack(at));
    const state = { done: false };
    void contained.finally(() => {
      state.done = true;
    });
    for (let turn = 0; turn < 200 && !state.done; turn += 1) await at.clock.advance(5_000);
    expect(await contained).toMatchObject({ complete: true, notices: { affected: { told: 3 } } });
  });
});
