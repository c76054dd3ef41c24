import type { Accounts, StoredAccount } from 'portcullis';
import type { Data } from './data/data.ts';
import type { User } from './data/users.ts';
import { newUser } from './new-user.ts';

/** The app's user table as the library sees it. Each verb is one statement or one transaction of SQLite. */
export function createAccounts(data: Data): Accounts {
  const { users } = data;
  return {
    findByIdentifier: async (identifier) => accountOf(users.byEmail(identifier)),
    findById: async (accountId) => accountOf(users.byId(accountId)),
    create: async ({ email, passwordHash, profile }) => newUser(data, { email, passwordHash, profile, status: 'active' }),
    replacePasswordHash: async ({ accountId, previousHash, passwordHash }) => users.replacePasswordHash({ id: accountId, previousHash, passwordHash }),
    setBreachRecheck: async ({ accountId, needed }) => {
      users.setBreachRecheck(accountId, needed);
    },
    setSecondFactor: async ({ accountId, enrolled }) => {
      users.setSecondFactor(accountId, enrolled);
    },
    replaceEmail: async ({ accountId, previousEmail, email }) => users.replaceEmail({ id: accountId, previousEmail, email }),
  };
}

function accountOf(user: User | undefined): StoredAccount | undefined {
  if (user === undefined) return undefined;
  const { id, email, passwordHash, needsBreachRecheck, hasSecondFactor, status, teamId } = user;
  return { id, email, passwordHash, needsBreachRecheck, hasSecondFactor, active: status === 'active', organizationIds: [String(teamId)] };
}
