import { ConfigError } from '../kernel/errors.ts';
import { isSafeMethod } from '../kernel/safe-method.ts';
import type { Clock } from '../ports/clock.ts';
import { isOn, isStricter, scopeName, type SwitchRecord } from './record.ts';
import type { ReadOnlyKnowledge, ReadOnlyLevel, ReadOnlyRequest, ReadOnlyStanding, ReadOnlySubject, ReadOnlySwitch } from './types.ts';

/** The switches by scope, to look up what stands for somebody. */
export interface Switchboard {
  readonly take: (record: SwitchRecord | undefined) => void;
  readonly standing: (subject: ReadOnlySubject) => ReadOnlyStanding;
  readonly knowledge: (state: ReadOnlyKnowledge['state']) => ReadOnlyKnowledge;
}

/** Organizations of one subject: each is looked up. */
const maxOrganizations = 1_000;

const off: ReadOnlyStanding = Object.freeze({ level: 'off' });
const none: readonly ReadOnlySwitch[] = Object.freeze([]);

export function createSwitchboard({ clock, whenUnknown }: { readonly clock: Clock; readonly whenUnknown: ReadOnlyLevel }): Switchboard {
  const unknown: ReadOnlyStanding = Object.freeze({ level: whenUnknown });
  /** Undefined until the store has been reached. */
  let switches: ReadonlyMap<string, ReadOnlySwitch> | undefined;

  function strictest(all: ReadonlyMap<string, ReadOnlySwitch>, { accountId, organizationIds }: ReadOnlySubject): ReadOnlyStanding {
    const nowMs = clock.nowMs();
    let best: ReadOnlySwitch | undefined;
    const weigh = (name: string): void => {
      const found = all.get(name);
      if (found !== undefined && isOn(found, nowMs) && isStricter(found, best)) best = found;
    };
    weigh('everyone');
    for (const id of organizationIds ?? []) weigh(scopeName({ kind: 'organization', id }));
    if (accountId !== undefined) weigh(scopeName({ kind: 'user', id: accountId }));
    return best === undefined ? off : { level: best.level, switch: best };
  }

  return {
    take(record) {
      switches = new Map((record?.switches ?? []).map((each) => [scopeName(each.scope), each]));
    },
    standing(subject) {
      checkSubject(subject);
      if (switches === undefined) return unknown;
      return switches.size === 0 ? off : strictest(switches, subject);
    },
    knowledge(state) {
      const nowMs = switches === undefined || switches.size === 0 ? 0 : clock.nowMs();
      const on = switches === undefined || switches.size === 0 ? none : Object.freeze([...switches.values()].filter((each) => isOn(each, nowMs)));
      return Object.freeze({ state, switches: on });
    },
  };
}

/** A number for an id, or one bare id for a list, would match no switch: that must not wait for an incident to be noticed. */
function checkSubject({ accountId, organizationIds }: ReadOnlySubject): void {
  if (accountId !== undefined && typeof accountId !== 'string') throw new ConfigError('read-only: expected accountId to be a string or undefined');
  if (organizationIds === undefined) return;
  if (!Array.isArray(organizationIds) || organizationIds.length > maxOrganizations || !organizationIds.every((id) => typeof id === 'string')) {
    throw new ConfigError(`read-only: expected organizationIds to be an array of at most ${maxOrganizations} strings`);
  }
}

export function refuses(level: ReadOnlyLevel, { method, label }: Pick<ReadOnlyRequest, 'method' | 'label'>): boolean {
  if (level === 'off' || label === 'exempt') return false;
  // Whatever else is said of it, somebody thought that it is not ordinary.
  return level === 'all' || label !== undefined || (level === 'writes' && !isSafeMethod(method));
}
