import type { RequestFacts } from '../ports/attempt.ts';
import { subjectOf } from './door.ts';
import type { FlowParts } from './parts.ts';
import { endPendingCookie } from './pending-sign-ins.ts';

export interface SignOut {
  /**
   * Reports that an account's session has ended. The session is the app's; ending it is too. Answers the Set-Cookie lines to send:
   * what waits for a second factor ends with it, and the browser stays known.
   */
  done(leaving: { readonly accountId: string; readonly facts: RequestFacts }): { readonly setCookies: readonly string[] };
  /**
   * Reports that one session of an account was ended from outside it: by its owner in another one, or by an administrator. `by`: the
   * account id of who did it. The session is the app's; ending it is too (OWASP ASVS 5.0 7.5.2).
   */
  ended(session: { readonly accountId: string; readonly by: string; readonly facts: RequestFacts }): void;
}

export function createSignOut({ emit }: Pick<FlowParts, 'emit'>): SignOut {
  return Object.freeze({
    done({ accountId, facts }: { readonly accountId: string; readonly facts: RequestFacts }) {
      emit({ type: 'sign-out.succeeded', ...subjectOf(facts, { accountId }) });
      return { setCookies: [endPendingCookie] };
    },
    ended({ accountId, by, facts }: { readonly accountId: string; readonly by: string; readonly facts: RequestFacts }) {
      emit({ type: 'session.ended', ...subjectOf(facts, { accountId }), by });
    },
  });
}
