import type { Request, RequestHandler, Response } from 'express';
import { answer } from './answers.ts';
import type { User, Users } from './data/users.ts';

/** A signed-in user, and what their pages remind them of. */
export interface Member extends User {
  /** Their team asks for a second step from then on, wall-clock ms, and they have none. */
  readonly secondStepDueMs?: number;
}

/** Who has signed in, on a page that anybody may see. */
export function visitorOf(req: Request, users: Users): User | undefined {
  // After a sign-out a request has no session.
  const { userId } = (req.session as Request['session'] | undefined) ?? {};
  const user = userId === undefined ? undefined : users.byId(userId);
  return user?.status === 'active' ? user : undefined;
}

/** Lets signed-in users through, and remembers for the request who it is. */
export function membersOnly(users: Users): RequestHandler {
  return (req, res, next) => {
    const user = visitorOf(req, users);
    if (user === undefined) {
      answer(req, res, { status: 401, json: { error: 'sign in first' }, seeOther: '/login' });
      return;
    }
    res.locals['user'] = user;
    next();
  };
}

/** Lets those through who decide for their team. Behind `membersOnly`. */
export const adminsOnly: RequestHandler = (_req, res, next) => {
  // For anybody else there is no such page.
  next(memberOf(res).isAdmin ? undefined : 'route');
};

/** The signed-in user of a request that came through `membersOnly`. */
export function memberOf(res: Response): Member {
  const user = res.locals['user'] as Member | undefined;
  if (user === undefined) throw new Error('this route is not behind membersOnly');
  return user;
}

/** For the reminder at the top of every page. */
export function noteDue(res: Response, secondStepDueMs: number): void {
  res.locals['user'] = { ...memberOf(res), secondStepDueMs } satisfies Member;
}

/** A session that may only enroll has nowhere else to go. */
export function navOf(req: Request): 'member' | 'sign-out' {
  return req.session.proofs?.stage === 'full' ? 'member' : 'sign-out';
}
