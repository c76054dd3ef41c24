import type { Data } from './data/data.ts';
import type { UserStatus } from './data/users.ts';
import { textOf } from './input.ts';

/** What the sign-up form asks for beside address and password. The values are as they came: nobody has looked at them yet. */
export interface Profile {
  readonly name?: unknown;
  readonly team?: unknown;
  readonly invitation?: unknown;
}

export interface SignedUpUser {
  readonly email: string;
  readonly passwordHash: string;
  readonly profile: Profile;
  readonly status: UserStatus;
}

/**
 * Creates the user of a sign-up, in the team of the invitation or in a new one. Answers the user's id, or undefined where
 * the address is taken. An invitation counts only for the address that it was sent to.
 */
export function newUser({ users, invitations }: Data, { email, passwordHash, profile, status }: SignedUpUser): string | undefined {
  const name = textOf(profile.name, 100) ?? email;
  const invitation = invitations.byToken(textOf(profile.invitation, 64) ?? '');
  const invited = invitation?.email === email ? invitation : undefined;
  const team = invited === undefined ? { newName: textOf(profile.team, 100) ?? `${name}'s team` } : { joinId: invited.teamId };
  const id = users.create({ email, name, team, passwordHash, status });
  if (id !== undefined && invited !== undefined) invitations.remove(invited.token);
  return id;
}
