import type { RequestFacts } from '../ports/attempt.ts';
import { subjectOf } from './door.ts';
import type { FlowParts } from './parts.ts';

export interface SignOut {
  /** Reports that an account's session has ended. The session is the app's; ending it is too. */
  done(leaving: { readonly accountId: string; readonly facts: RequestFacts }): void;
}

export function createSignOut({ emit }: Pick<FlowParts, 'emit'>): SignOut {
  return Object.freeze({
    done({ accountId, facts }: { readonly accountId: string; readonly facts: RequestFacts }) {
      emit({ type: 'sign-out.succeeded', ...subjectOf(facts, { accountId }) });
    },
  });
}
