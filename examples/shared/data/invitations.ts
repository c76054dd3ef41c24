import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/** An open invitation into a team. */
export interface Invitation {
  readonly token: string;
  readonly teamId: number;
  readonly teamName: string;
  readonly email: string;
}

export interface Invitations {
  /** Invites an address and answers the token for the link; inviting it again gives the same invitation. */
  invite(teamId: number, email: string): string;
  byToken(token: string): Invitation | undefined;
  ofTeam(teamId: number): readonly Invitation[];
  /** The invitation has been used. */
  remove(token: string): void;
}

const joined = `SELECT token, team_id AS teamId, teams.name AS teamName, email FROM invitations JOIN teams ON teams.id = team_id`;

export function createInvitations(database: DatabaseSync): Invitations {
  const insert = database.prepare(
    'INSERT INTO invitations (token, team_id, email) VALUES (?, ?, ?) ON CONFLICT (team_id, email) DO UPDATE SET email = excluded.email RETURNING token',
  );
  const byToken = database.prepare(`${joined} WHERE token = ?`);
  const ofTeam = database.prepare(`${joined} WHERE team_id = ? ORDER BY email`);
  const remove = database.prepare('DELETE FROM invitations WHERE token = ?');
  return {
    invite: (teamId, email) => (insert.get(randomBytes(24).toString('base64url'), teamId, email) as { readonly token: string }).token,
    byToken: (token) => byToken.get(token) as unknown as Invitation | undefined,
    ofTeam: (teamId) => ofTeam.all(teamId) as unknown as readonly Invitation[],
    remove: (token) => {
      remove.run(token);
    },
  };
}
