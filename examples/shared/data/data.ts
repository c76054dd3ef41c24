import type { DatabaseSync } from 'node:sqlite';
import { createActivity, type Activity } from './activity.ts';
import { createCampaigns, type Campaigns } from './campaigns.ts';
import { createContainments, type Containments } from './containments.ts';
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
  readonly activity: Activity;
  readonly containments: Containments;
  close(): void;
}

/** `nowMs` is wall-clock time. */
export function openData(folder: string, nowMs: () => number = Date.now): Data {
  const database = openDatabase(folder);
  return {
    database,
    users: createUsers(database),
    contacts: createContacts(database),
    campaigns: createCampaigns(database),
    drafts: createDrafts(database),
    invitations: createInvitations(database),
    activity: createActivity(database, nowMs),
    containments: createContainments(database),
    close: () => {
      database.close();
    },
  };
}
