import { describe, expect, it } from 'vitest';
import type { IncidentOptions } from '../../src/flows/incident/parts.ts';
import { account, attack, processOf, stores, world, type World } from './incident-setup.ts';

/** `a1` is affected and `a5` is not; both have three addresses. */
function manyAddresses(on: (typeof stores)[number] = 'memoryStore'): World {
  const at = world({ on });
  for (const id of ['a1', 'a5']) at.accounts.set(id, account(id, { noticeEmails: [`${id}@work.example`, `${id}@example.com`, `${id}@home.example`] }));
  return at;
}

function toldTo(at: World, id: string): readonly string[] {
  return at.mails.filter(({ to }) => to.startsWith(`${id}@`)).map(({ kind, to }) => `${kind} ${to}`).sort();
}

const mailsOf = (kind: string, id: string): readonly string[] => ['example.com', 'home.example', 'work.example'].map((host) => `${kind} ${id}@${host}`);

// ASVS 5.0 6.3.7
describe.each(stores)('an account with several addresses, %s', (on) => {
  it('is told at each of them, once, and counts as one: whoever has taken over a mailbox does not keep its owner in the dark', async () => {
    const at = manyAddresses(on);
    const plan = attack(at);
    const { incident } = processOf(at);
    expect(await incident.contain(plan)).toMatchObject({ complete: true, notices: { affected: { told: 3 }, everyoneElse: { told: 7 } } });
    expect(toldTo(at, 'a1')).toEqual(mailsOf('incident-affected', 'a1'));
    expect(toldTo(at, 'a5')).toEqual(mailsOf('incident-notice', 'a5'));
    await processOf(at).incident.contain(plan);
    expect(at.mails).toHaveLength(14);
  });

  it('of which one cannot be reached is told at the others, counts as failed, and is told at that one alone by the next call', async () => {
    const at = manyAddresses(on);
    const plan = attack(at);
    for (const broken of ['a1@example.com', 'a5@home.example']) {
      const mailer: IncidentOptions['mailer'] = { send: async (mail) => (mail.to === broken ? Promise.reject(new Error('mailbox full')) : void at.mails.push(mail)) };
      const side = broken.startsWith('a1') ? 'affected' : 'everyoneElse';
      const { notices } = await processOf(at, { mailer }).incident.contain({ ...plan, id: broken.slice(0, 2) });
      expect(notices[side].failed).toBe(1);
      expect(at.mails.filter(({ to }) => to === broken)).toHaveLength(broken.startsWith('a1') ? 0 : 1);
      const before = at.mails.length;
      expect(await processOf(at).incident.contain({ ...plan, id: broken.slice(0, 2) })).toMatchObject({ complete: true, notices: { affected: { told: 3, failed: 0 }, everyoneElse: { told: 7, failed: 0 } } });
      expect(at.mails.slice(before).map(({ to }) => to)).toEqual([broken]);
    }
  });
});

describe('addresses that are none', () => {
  it('are passed over; who has no other is counted as gone', async () => {
    const at = world({ count: 4 });
    at.accounts.set('a0', account('a0', { email: '', noticeEmails: ['a0@work.example'] }));
    at.accounts.set('a1', account('a1', { email: '', noticeEmails: ['', 7 as unknown as string] }));
    at.accounts.set('a3', account('a3', { noticeEmails: 'a3' as unknown as string[] }));
    expect(await processOf(at).incident.contain(attack(at))).toMatchObject({ complete: true, notices: { affected: { told: 2, gone: 1 }, everyoneElse: { told: 1 } } });
    expect(at.mails.map(({ to }) => to).sort()).toEqual(['a0@work.example', 'a2@example.com', 'a3@example.com']);
  });

  it('in their hundreds are six', async () => {
    const at = world({ count: 1 });
    at.accounts.set('a0', account('a0', { noticeEmails: Array.from({ length: 500 }, (_, each) => `a0-${each}@example.com`) }));
    await processOf(at).incident.contain(attack(at));
    expect(at.mails).toHaveLength(6);
  });

  it('are told by as many calls at once as there are, each once', async () => {
    const at = manyAddresses();
    const plan = attack(at);
    await Promise.all(Array.from({ length: 10 }, () => processOf(at, { takeOverAfterMs: 0 }).incident.contain(plan)));
    expect(new Set(at.mails.map(({ to }) => to)).size).toBe(14);
    expect(at.mails).toHaveLength(14);
  });
});
