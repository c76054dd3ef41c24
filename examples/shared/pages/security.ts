import type { Portcullis } from 'portcullis';
import { doneText } from '../answers.ts';
import type { AuthContext } from '../auth.ts';
import { memberOf } from '../members.ts';
import { securityPage } from '../views/security.ts';
import type { Page } from '../visit.ts';
import { ownSessions } from './own-sessions.ts';
import { scopeOf } from './team-second-step.ts';

/** What a member sees of authenticator apps, recovery codes, known browsers and sessions. What is done to them goes to the doors. */
export function securityOverview({ factors, devices, mfa, epochs }: Portcullis, { sessions }: AuthContext): Page {
  return async (visit) => {
    const user = memberOf(visit);
    const overview = await factors.list({ session: visit.session.proofs, facts: visit.facts });
    if (overview.outcome === 'answered') return { reply: overview.reply };
    const { outcome: _, ...json } = overview;
    const recognition = await devices.recognize(devices.read(visit.headers.cookie), user.id);
    const mayRemoveLast = (await mfa.read(scopeOf(user.teamId))) === undefined;
    const open = await ownSessions({ epochs }, sessions, visit);
    return { json: { ...json, sessions: open }, page: securityPage({ user, overview, mayRemoveLast, sessions: open, thisDeviceId: recognition.known ? recognition.deviceId : undefined, done: doneText(visit) }) };
  };
}
