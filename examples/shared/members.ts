import type { User, Users } from './data/users.ts';
import type { Gate, Visit } from './visit.ts';
import { notFound } from './answers.ts';

/** A signed-in user, and what their pages remind them of. */
export interface Member extends User {
  /** Their team asks for a second step from then on, wall-clock ms, and they have none. */
  readonly secondStepDueMs?: number;
}

/** Who has signed in, on a page that anybody may see. */
export function visitorOf({ session: { userId } }: Visit, users: Users): User | undefined {
  const user = userId === undefined ? undefined : users.byId(userId);
  return user?.status === 'active' ? user : undefined;
}

/** Lets signed-in users through, and remembers for the request who it is. */
export function membersOnly(users: Users, signInPage = '/login'): Gate {
  return (visit) => {
    const user = visitorOf(visit, users);
    if (user === undefined) return { status: 401, json: { error: 'sign in first' }, seeOther: signInPage };
    visit.member = user;
    return undefined;
  };
}

/** Lets those through who decide for their team. Behind `membersOnly`. For anybody else there is no such page. */
export const adminsOnly: Gate = (visit) => (memberOf(visit).isAdmin ? undefined : notFound());

/** The signed-in user of a request that came through `membersOnly`. */
export function memberOf({ member }: Visit): Member {
  if (member === undefined) throw new Error('this route is not behind membersOnly');
  return member;
}

/** For the reminder at the top of every page. */
export function noteDue(visit: Visit, secondStepDueMs: number): void {
  visit.member = { ...memberOf(visit), secondStepDueMs };
}

/** A session that may only enroll has nowhere else to go. */
export function navOf({ session }: Visit): 'member' | 'sign-out' {
  return session.proofs?.stage === 'full' ? 'member' : 'sign-out';
}
