import { describe, expect, it } from 'vitest';
import { fakeClock } from 'portcullis/testing';
import { makeKit, otherPassword, goodPassword, type Kit } from '../support/kit.ts';
import { codeAt, joinOrganization, openBrowser, person, type Person } from '../support/person.ts';

const apartMs = 30_000;
const startMs = Date.UTC(2026, 0, 1);

interface Host {
  readonly kit: Kit;
  signIn(ada: Person, password?: string): Promise<string>;
  giveCode(ada: Person, remember?: boolean): Promise<string>;
}

/** Two processes of an app over one store and one table, the second with its clock so far ahead, or behind. Time passes for both alike. */
function twoHosts(aheadMs: number): readonly [Host, Host] {
  const first = makeKit({ clock: fakeClock(startMs) });
  const shared = { records: first.store, counters: first.store, accounts: first.table };
  const second = makeKit({ ...shared, clock: fakeClock(startMs + aheadMs) });
  return [hostOf(first), hostOf(second)];
}

function hostOf(kit: Kit): Host {
  const { portcullis, clock } = kit;
  return {
    kit,
    async signIn(ada, password = goodPassword) {
      const result = ada.browser.keep(await kit.value(portcullis.signIn.attempt({ identifier: ada.email, password, facts: ada.browser.facts() })));
      if (result.outcome === 'signed-in') ada.session = result.session;
      return result.outcome;
    },
    async giveCode(ada, remember = false) {
      const result = ada.browser.keep(await kit.value(portcullis.secondFactor.verify({ code: codeAt(ada.secret ?? '', clock.nowMs()), remember, facts: ada.browser.facts() })));
      return result.outcome;
    },
  };
}

/** What one of them did took time for the other as well. */
async function letPass(hosts: readonly [Host, Host], byMs: number): Promise<void> {
  const untilMs = Math.max(...hosts.map(({ kit }) => kit.clock.monotonicMs())) + byMs;
  for (const { kit } of hosts) await kit.clock.advance(untilMs - kit.clock.monotonicMs());
}

/** Somebody in a browser that became known a moment ago, and is spared the second factor. */
async function remembered(host: Host, hosts: readonly [Host, Host]): Promise<Person> {
  const [{ kit }] = hosts;
  const ada = await person(kit);
  joinOrganization(kit, ada, 'team-1');
  await ada.enrollWholly();
  await letPass(hosts, 60_000);
  // Another one than that of the enrollment, which the first host has known for a minute.
  ada.browser = openBrowser();
  expect(await host.signIn(ada)).toBe('second-factor');
  expect(await host.giveCode(ada, true)).toBe('signed-in');
  await letPass(hosts, 0);
  return ada;
}

async function revoke({ kit }: Host, scope: 'everyone' | 'organization'): Promise<void> {
  const { epochs } = kit.portcullis;
  await (scope === 'everyone' ? epochs.revokeEveryone({ by: 'operator-1' }) : epochs.revokeOrganization({ id: 'team-1', by: 'operator-1' }));
}

const directions = [['ahead of', apartMs], ['behind', -apartMs]] as const;
const scopes = ['everyone', 'organization'] as const;

// ASVS 5.0 7.4.1, 7.4.5
describe.each(directions)('a browser that a host knows whose clock is half a minute %s the other', (_direction, aheadMs) => {
  it.each(scopes)('is a stranger to both once the other has ended the sessions of: %s', async (scope) => {
    const hosts = twoHosts(aheadMs);
    const [other, self] = hosts;
    const ada = await remembered(self, hosts);
    // It is spared the second factor before, and not after.
    expect(await self.signIn(ada)).toBe('signed-in');
    expect(await other.signIn(ada)).toBe('signed-in');
    await letPass(hosts, 1_000);
    await revoke(other, scope);
    // What the other processes remember is a second old at most.
    await letPass(hosts, 1_000);
    for (const host of [self, other]) expect(await host.signIn(ada)).toBe('second-factor');
  });

  it.each(scopes)('that becomes known in the second after the end is known to both at once: %s', async (scope) => {
    const hosts = twoHosts(aheadMs);
    const [other, self] = hosts;
    const ada = await remembered(self, hosts);
    await letPass(hosts, 30_000);
    await revoke(other, scope);
    expect(await self.signIn(ada)).toBe('second-factor');
    expect(await self.giveCode(ada, true)).toBe('signed-in');
    for (const host of [self, other]) expect(await host.signIn(ada)).toBe('signed-in');
  });

  it('stays one after the end of everything, whatever signs in from it meanwhile', async () => {
    const hosts = twoHosts(aheadMs);
    const [other, self] = hosts;
    const ada = await remembered(self, hosts);
    const thief = { ...ada, browser: openBrowser('198.51.100.7') };
    for (const [name, value] of ada.browser.jar) thief.browser.jar.set(name, value);
    await revoke(other, 'everyone');
    await letPass(hosts, 1_000);
    // With the password alone nothing of it comes back.
    expect(await self.signIn(thief)).toBe('second-factor');
    expect(await other.signIn(thief)).toBe('second-factor');
    expect(await self.signIn(thief, otherPassword)).toBe('answered');
    expect(await self.signIn(thief)).toBe('second-factor');
  });
});
