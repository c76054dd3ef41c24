import type { RequestHandler, Response } from 'express';
import { answer } from './answers.ts';
import type { User, Users } from './data/users.ts';

/** Lets signed-in users through, and remembers for the request who it is. */
export function membersOnly(users: Users): RequestHandler {
  return (req, res, next) => {
    const { userId } = req.session;
    const user = userId === undefined ? undefined : users.byId(userId);
    if (user?.status !== 'active') {
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
