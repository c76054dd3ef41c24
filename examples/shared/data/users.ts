import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { transaction } from './database.ts';

export type UserStatus = 'unconfirmed' | 'active' | 'disabled';

/** A user and the team they work in. */
export interface User {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly teamId: number;
  readonly teamName: string;
  readonly status: UserStatus;
  readonly passwordHash: string | undefined;
  readonly needsBreachRecheck: boolean;
  readonly hasSecondFactor: boolean;
  /** Whoever founds a team decides for it. */
  readonly isAdmin: boolean;
  /** Looks after the whole app, and not a team alone. */
  readonly isOperator: boolean;
}

export interface NewUser {
  readonly email: string;
  readonly name: string;
  /** The name of a new team, or the id of the one that the user joins. */
  readonly team: { readonly newName: string } | { readonly joinId: number };
  readonly passwordHash: string;
  readonly status: UserStatus;
}

export interface Users {
  byEmail(email: string): User | undefined;
  byId(id: string): User | undefined;
  ofTeam(teamId: number): readonly User[];
  /** Everybody, by id: at most `limit` who come after `id`, or the first ones. */
  after(id: string | undefined, limit: number): readonly User[];
  /** Answers the id of the new user, or undefined where the address is taken. */
  create(user: NewUser): string | undefined;
  activate(id: string): void;
  /** Answers whether there is such an account. */
  makeOperator(email: string): boolean;
  /** Stores the new hash if the old one is still there; answers whether it did. */
  replacePasswordHash(change: { readonly id: string; readonly previousHash: string | undefined; readonly passwordHash: string }): boolean;
  setBreachRecheck(id: string, needed: boolean): void;
  setSecondFactor(id: string, enrolled: boolean): void;
  /** Moves the user to another address if they still have the old one and nobody has the new one; answers whether it did. */
  replaceEmail(change: { readonly id: string; readonly previousEmail: string; readonly email: string }): boolean;
}

interface Row extends Omit<User, 'passwordHash' | 'needsBreachRecheck' | 'hasSecondFactor' | 'isAdmin' | 'isOperator'> {
  readonly passwordHash: string | null;
  readonly needsBreachRecheck: number;
  readonly hasSecondFactor: number;
  readonly isAdmin: number;
  readonly isOperator: number;
}

const columns = `users.id, users.email, users.name, users.team_id AS teamId, teams.name AS teamName, users.status,
  users.password_hash AS passwordHash, users.needs_breach_recheck AS needsBreachRecheck,
  users.has_second_factor AS hasSecondFactor, users.is_admin AS isAdmin, users.is_operator AS isOperator`;
const joined = `SELECT ${columns} FROM users JOIN teams ON teams.id = users.team_id`;

export function createUsers(database: DatabaseSync): Users {
  const byEmail = database.prepare(`${joined} WHERE users.email = ?`);
  const byId = database.prepare(`${joined} WHERE users.id = ?`);
  const ofTeam = database.prepare(`${joined} WHERE users.team_id = ? AND users.status <> 'disabled' ORDER BY users.name`);
  const after = database.prepare(`${joined} WHERE users.id > ? ORDER BY users.id LIMIT ?`);
  const insertTeam = database.prepare('INSERT INTO teams (name) VALUES (?)');
  const insert = database.prepare('INSERT INTO users (id, team_id, email, name, password_hash, status, is_admin) VALUES (?, ?, ?, ?, ?, ?, ?)');
  const activate = database.prepare("UPDATE users SET status = 'active' WHERE id = ? AND status = 'unconfirmed'");
  const makeOperator = database.prepare('UPDATE users SET is_operator = 1 WHERE email = ?');
  // `IS` and not `=`: an account without a password has NULL there.
  const replaceHash = database.prepare('UPDATE users SET password_hash = ? WHERE id = ? AND password_hash IS ?');
  const mark = database.prepare('UPDATE users SET needs_breach_recheck = ? WHERE id = ?');
  const markFactor = database.prepare('UPDATE users SET has_second_factor = ? WHERE id = ?');
  const move = database.prepare('UPDATE OR IGNORE users SET email = ? WHERE id = ? AND email = ?');

  return {
    byEmail: (email) => userOf(byEmail.get(email)),
    byId: (id) => userOf(byId.get(id)),
    ofTeam: (teamId) => ofTeam.all(teamId).map((row) => userOf(row)).filter((user) => user !== undefined),
    after: (id, limit) => after.all(id ?? '', limit).map((row) => userOf(row)).filter((user) => user !== undefined),
    create: ({ email, name, team, passwordHash, status }) =>
      transaction(database, () => {
        if (byEmail.get(email) !== undefined) return undefined;
        const id = randomUUID();
        const teamId = 'joinId' in team ? team.joinId : insertTeam.run(team.newName).lastInsertRowid;
        insert.run(id, teamId, email, name, passwordHash, status, 'newName' in team ? 1 : 0);
        return id;
      }),
    activate: (id) => {
      activate.run(id);
    },
    makeOperator: (email) => makeOperator.run(email).changes === 1,
    replacePasswordHash: ({ id, previousHash, passwordHash }) => replaceHash.run(passwordHash, id, previousHash ?? null).changes === 1,
    setBreachRecheck: (id, needed) => {
      mark.run(needed ? 1 : 0, id);
    },
    setSecondFactor: (id, enrolled) => {
      markFactor.run(enrolled ? 1 : 0, id);
    },
    replaceEmail: ({ id, previousEmail, email }) => move.run(email, id, previousEmail).changes === 1,
  };
}

function userOf(row: unknown): User | undefined {
  if (row === undefined) return undefined;
  const { passwordHash, needsBreachRecheck, hasSecondFactor, isAdmin, isOperator, ...rest } = row as Row;
  return { ...rest, passwordHash: passwordHash ?? undefined, needsBreachRecheck: needsBreachRecheck === 1, hasSecondFactor: hasSecondFactor === 1, isAdmin: isAdmin === 1, isOperator: isOperator === 1 };
}
