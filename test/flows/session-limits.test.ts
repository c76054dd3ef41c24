import { describe, expect, it } from 'vitest';
import type { SessionFacts } from 'portcullis';
import { fullSession, makeKit } from '../support/kit.ts';
import { person } from '../support/person.ts';

const hour = 3_600_000;
const day = 24 * hour;

describe('how long a session lives', () => {
  // SP 800-63B-4 sections 2.1.3, 2.2.3, 2.3.3
  it.each([
    ['aal1', 30 * day, 30 * day],
    ['aal2', day, hour],
    ['aal3', 12 * hour, hour / 4],
  ] as const)('is what SP 800-63B-4 says for %s', async (sessions, absoluteMs, idleMs) => {
    const kit = makeKit({ sessions });
    const ada = await person(kit);
    await ada.signIn();
    const allowed = async (session: SessionFacts | undefined): Promise<SessionFacts | undefined> => {
      const result = await kit.value(kit.portcullis.access.check({ session, facts: ada.browser.facts() }));
      return result.outcome === 'allowed' ? result.session : undefined;
    };
    const startedMs = kit.clock.nowMs();
    let session: SessionFacts | undefined = fullSession(ada.id, startedMs, 'password');
    // Idle for a little less than it may be, over and over: the whole of it ends the session all the same.
    let lastMs = startedMs;
    while (session !== undefined) {
      lastMs = kit.clock.nowMs();
      await kit.clock.advance(idleMs - 60_000);
      session = await allowed(session);
    }
    expect(kit.clock.nowMs() - startedMs).toBeGreaterThanOrEqual(absoluteMs - 60_000);
    expect(lastMs - startedMs).toBeLessThan(absoluteMs);
    const idle = fullSession(ada.id, kit.clock.nowMs(), 'password');
    await kit.clock.advance(idleMs);
    expect(await allowed(idle)).toBeUndefined();
  });

  it('ends at once where a session store hands back a time that is none, or one from the future', async () => {
    const kit = makeKit();
    const ada = await person(kit);
    const good = fullSession(ada.id, kit.clock.nowMs(), 'password');
    for (const startedAtMs of [NaN, undefined, 'soon', kit.clock.nowMs() + day, -Infinity]) {
      const session = { ...good, startedAtMs } as SessionFacts;
      expect(await kit.value(kit.portcullis.access.check({ session, facts: ada.browser.facts() }))).toMatchObject({ verdict: 'signed-out' });
    }
    expect(await kit.value(kit.portcullis.access.check({ session: good, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'allowed' });
  });
});
