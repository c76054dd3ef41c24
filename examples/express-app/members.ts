import type { Request, RequestHandler, Response } from 'express';
import { answer } from './answers.ts';
import type { User, Users } from './data/users.ts';

/** Who has signed in, on a page that anybody may see. */
export function visitorOf(req: Request, users: Users): User | undefined {
  const { userId } = req.session;
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

/** The signed-in user of a request that came through `membersOnly`. */
export function memberOf(res: Response): User {
  const user = res.locals['user'] as User | undefined;
  if (user === undefined) throw new Error('this route is not behind membersOnly');
  return user;
}
