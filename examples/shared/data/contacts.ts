import type { DatabaseSync } from 'node:sqlite';
import { transaction } from './database.ts';

/** Somebody on a team's mailing list. */
export interface Contact {
  readonly email: string;
  readonly name: string;
}

export interface Contacts {
  /** The whole list of a team, by address. */
  ofTeam(teamId: number): readonly Contact[];
  /** Adds contacts; an address that is on the list already gets the new name. */
  add(teamId: number, contacts: readonly Contact[]): void;
}

export function createContacts(database: DatabaseSync): Contacts {
  const ofTeam = database.prepare('SELECT email, name FROM contacts WHERE team_id = ? ORDER BY email');
  const upsert = database.prepare(
    'INSERT INTO contacts (team_id, email, name) VALUES (?, ?, ?) ON CONFLICT (team_id, email) DO UPDATE SET name = excluded.name',
  );
  return {
    ofTeam: (teamId) => ofTeam.all(teamId) as unknown as readonly Contact[],
    add: (teamId, contacts) => {
      transaction(database, () => {
        for (const { email, name } of contacts) upsert.run(teamId, email, name);
      });
    },
  };
}
