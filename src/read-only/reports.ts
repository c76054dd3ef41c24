import { cleanLabel } from '../kernel/label.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import { mostScopes, scopeName } from './record.ts';
import { createTally } from './tally.ts';
import type { ReadOnlyLabel, ReadOnlyScope, ReadOnlyStrictness } from './types.ts';

interface Refused {
  readonly level: ReadOnlyStrictness;
  /** Undefined: this process has never reached the store. */
  readonly scope: ReadOnlyScope | undefined;
  readonly what: string;
  readonly label: ReadOnlyLabel | undefined;
  readonly accountId: string | undefined;
}

interface BrokeGlass {
  readonly level: ReadOnlyStrictness;
  readonly what: string;
  readonly accountId: string;
}

/** What the guard tells of what it did. */
export interface Reports {
  readonly refused: (refusal: Refused) => void;
  readonly brokeGlass: (use: BrokeGlass) => void;
  readonly close: () => void;
}

const refusedEveryMs = 1_000;
const brokeEveryMs = 60_000;
const maxUses = 1_000;
const maxWhatChars = 120;

/** A flood of refusals must not become a flood of events: each scope tells once a second, each use of break-glass once a minute, with counts. */
export function createReports({ clock, emit }: { readonly clock: Clock; readonly emit: Emit }): Reports {
  const refusals = createTally<Refused>({
    clock,
    everyMs: refusedEveryMs,
    maxNames: mostScopes,
    tell: ({ level, scope, what, label, accountId }, count) => {
      emit({ type: 'read-only.refused', ...(accountId !== undefined && { accountId }), level, scope: scope === undefined ? 'unknown' : scopeName(scope), what: shown(what, label), count });
    },
  });
  const uses = createTally<BrokeGlass>({
    clock,
    everyMs: brokeEveryMs,
    maxNames: maxUses,
    tell: ({ level, what, accountId }, count) => {
      emit({ type: 'read-only.break-glass', accountId, level, what: shown(what, undefined), count });
    },
  });
  return {
    refused(refusal) {
      refusals.count(`${refusal.level} ${refusal.scope === undefined ? 'unknown' : scopeName(refusal.scope)}`, refusal);
    },
    brokeGlass(use) {
      uses.count(`${use.accountId} ${shown(use.what, undefined)}`, use);
    },
    close() {
      refusals.close();
      uses.close();
    },
  };
}

function shown(what: unknown, label: ReadOnlyLabel | undefined): string {
  const cleaned = cleanLabel(what, maxWhatChars);
  return label === undefined ? cleaned : `sensitive ${cleaned}`;
}
