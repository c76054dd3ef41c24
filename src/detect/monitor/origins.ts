import type { ClientNetwork } from '../../kernel/address.ts';
import { createSuspects } from './suspects.ts';

/** Where something was begun that may be finished elsewhere: whoever signs up at a desk may confirm on a phone. */
export interface Origins {
  note(what: 'signUps' | 'forgot', mark: number | undefined, network: ClientNetwork | undefined): void;
  find(what: 'signUps' | 'forgot', mark: number | undefined): ClientNetwork | undefined;
}

export function createOrigins(most: number): Origins {
  const begun = createSuspects<{ network?: ClientNetwork }>({ young: most, kept: 1, make: () => ({}), weight: () => 0 });
  return {
    note(what, mark, network) {
      if (mark !== undefined && network !== undefined) begun.of(`${what} ${mark}`).network = network;
    },
    find: (what, mark) => (mark === undefined ? undefined : begun.find(`${what} ${mark}`)?.network),
  };
}
