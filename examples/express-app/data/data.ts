import type { DatabaseSync } from 'node:sqlite';
import { createCampaigns, type Campaigns } from './campaigns.ts';
import { createContacts, type Contacts } from './contacts.ts';
import { openDatabase } from './database.ts';
import { createDrafts, type Drafts } from './drafts.ts';
import { createInvitations, type Invitations } from './invitations.ts';
import { createUsers, type Users } from './users.ts';

/** Everything the app stores. */
export interface Data {
  readonly database: DatabaseSync;
  readonly users: Users;
  readonly contacts: Contacts;
  readonly campaigns: Campaigns;
  readonly drafts: Drafts;
  readonly invitations: Invitations;
  close(): void;
}

export function openData(folder: string): Data {
  const database = openDatabase(folder);
  return {
    database,
    users: createUsers(database),
    contacts: createContacts(database),
    campaigns: createCampaigns(database),
    drafts: createDrafts(database),
    invitations: createInvitations(database),
    close: () => {
      database.close();
    },
  };
}
