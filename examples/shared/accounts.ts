import type { AccountPages, Accounts, StoredAccount } from 'portcullis';
import type { Data } from './data/data.ts';
import type { User } from './data/users.ts';
import { newUser } from './new-user.ts';

const pageSize = 500;

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

/** Everybody, in pages: for what is to be told to all of them. */
export function accountPages({ users }: Data): AccountPages {
  return async (cursor) => {
    const page = users.after(cursor, pageSize);
    return { accounts: page.map(storedAccount), next: page.length < pageSize ? undefined : page.at(-1)?.id };
  };
}

function accountOf(user: User | undefined): StoredAccount | undefined {
  return user === undefined ? undefined : storedAccount(user);
}

function storedAccount(user: User): StoredAccount {
  const { id, email, passwordHash, needsBreachRecheck, hasSecondFactor, status, teamId, isOperator } = user;
  return { id, email, passwordHash, needsBreachRecheck, hasSecondFactor, active: status === 'active', organizationIds: [String(teamId)], roles: isOperator ? ['operator'] : [] };
}
