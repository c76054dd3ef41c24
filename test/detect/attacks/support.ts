import { createHash } from 'node:crypto';
import { memoryEvidence, type SecurityEvent } from 'portcullis';
import { createAttackMonitor, type Alarm, type AlarmKind, type AttackMonitor } from 'portcullis/detect';
import { fakeClock } from 'portcullis/testing';
import { goodPassword, makeKit, otherPassword, type Kit } from '../../support/kit.ts';
import { openBrowser, type Browser } from '../../support/person.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
/** A network that nobody is at home in. */
export const attacker = '203.0.113.66';

export interface Scene {
  readonly kit: Kit;
  readonly monitor: AttackMonitor;
  readonly evidence: ReturnType<typeof memoryEvidence>;
  /** The kinds that were raised, each once. */
  readonly kinds: () => readonly AlarmKind[];
  readonly alarm: (kind: AlarmKind) => Alarm | undefined;
  readonly entered: (kind: AlarmKind) => readonly string[];
  /** An attempt to sign in, by a browser of its own. */
  readonly attempt: (identifier: string, password: string, browser?: Browser | string) => Promise<string>;
}

/** All flows with their own defaults, and a monitor that hears every event of them and nothing else. */
export function makeScene(options: Parameters<typeof makeKit>[0] = {}): Scene {
  const clock = fakeClock();
  const monitor = createAttackMonitor({ clock });
  const evidence = memoryEvidence({ clock });
  const kit = makeKit({
    clock, evidence,
    onEvent: (event: SecurityEvent) => {
      kit.events.push(event);
      monitor.observe(event);
    },
    ...options,
  });
  const alarm = (kind: AlarmKind): Alarm | undefined => monitor.snapshot().alarms.find((each) => each.kind === kind);
  return {
    kit, monitor, evidence, alarm,
    kinds: () => [...new Set(monitor.snapshot().alarms.map(({ kind }) => kind))],
    entered: (kind) => alarm(kind)?.entered.map(({ accountId }) => accountId) ?? [],
    async attempt(identifier, password, browser = attacker) {
      const used = typeof browser === 'string' ? openBrowser(browser) : browser;
      return used.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier, password, facts: used.facts() }))).outcome;
    },
  };
}

export function nobody(number: number): string {
  return `nobody${number}@example.com`;
}

/** Accounts with one password each that is in the attacker's hands. */
export async function victims({ kit }: Scene, count: number, prefix = 'victim'): Promise<readonly { readonly id: string; readonly email: string }[]> {
  const made: { readonly id: string; readonly email: string }[] = [];
  for (let each = 0; each < count; each += 1) {
    const email = `${prefix}${each}@example.com`;
    made.push({ email, id: await kit.plant({ email, password: goodPassword }) });
  }
  return made;
}

/** So much ordinary life that the login guard knows what is usual: a known browser each five minutes. */
export function usual({ kit, evidence }: Scene, days = 4): void {
  for (let each = 0; each < days * 288; each += 1) {
    void evidence.settle({ as: 'known', source: createHash('sha256').update(`home ${each % 50}`).digest('base64url').slice(0, 22) });
    kit.clock.setWallMs(kit.clock.nowMs() + 5 * minuteMs);
  }
}

export { goodPassword, otherPassword };
