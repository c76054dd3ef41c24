import type { Portcullis } from 'portcullis';
import type { AuthContext } from '../auth.ts';
import { memberOf } from '../members.ts';
import { operatorFreshness } from '../operators.ts';
import type { Visit } from '../visit.ts';
import type { EndReason, MayWatch } from './viewers.ts';

/**
 * What a stream asks again and again about whoever opened it: the session as it is now, the account as it is now, and the policies. It keeps
 * nothing of the answer: a page that lies open is no activity, and the session ends in its time (ASVS 5.0 7.3.1).
 */
export function watchOf(visit: Visit, { access }: Portcullis, { data, sessions }: AuthContext): MayWatch {
  const { sessionId, facts } = visit;
  const { id } = memberOf(visit);
  return async (): Promise<EndReason | undefined> => {
    const content = sessionId === undefined ? undefined : sessions.contentOf(sessionId);
    const user = data.users.byId(id);
    if (content?.userId !== id || user?.status !== 'active' || !user.isOperator) return 'session';
    const result = await access.check({ session: content.proofs, ...operatorFreshness.watching, facts });
    if (result.outcome === 'allowed') return result.enrollUntilMs === undefined ? undefined : 'session';
    return result.verdict === 'step-up' ? 'proof' : 'session';
  };
}
