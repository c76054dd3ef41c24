import type { DatabaseSync } from 'node:sqlite';

/** A mail that went to a whole list. */
export interface Campaign {
  readonly sender: string;
  readonly subject: string;
  readonly body: string;
  readonly recipients: number;
  readonly sentAtMs: number;
}

export interface Campaigns {
  /** What a team has sent, newest first. */
  ofTeam(teamId: number): readonly Campaign[];
  record(teamId: number, campaign: Campaign): void;
}

export function createCampaigns(database: DatabaseSync): Campaigns {
  const ofTeam = database.prepare(
    'SELECT sender, subject, body, recipients, sent_at_ms AS sentAtMs FROM campaigns WHERE team_id = ? ORDER BY id DESC LIMIT 100',
  );
  const insert = database.prepare('INSERT INTO campaigns (team_id, sender, subject, body, recipients, sent_at_ms) VALUES (?, ?, ?, ?, ?, ?)');
  return {
    ofTeam: (teamId) => ofTeam.all(teamId) as unknown as readonly Campaign[],
    record: (teamId, { sender, subject, body, recipients, sentAtMs }) => {
      insert.run(teamId, sender, subject, body, recipients, sentAtMs);
    },
  };
}
