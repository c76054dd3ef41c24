import { readFileSync } from 'node:fs';
import type { Auth } from './auth.ts';
import type { Contact } from './data/contacts.ts';
import type { Data } from './data/data.ts';

/** Teams to begin with. Addresses are in lower case. */
export interface Seed {
  readonly teams: readonly {
    readonly name: string;
    readonly users: readonly { readonly email: string; readonly name: string; readonly password: string; /** Looks after the whole app. */ readonly operator?: boolean }[];
    readonly contacts: readonly Contact[];
  }[];
}

export function readSeedFile(file: string): Seed {
  const seed = readJson(file) as Seed | null;
  if (!Array.isArray(seed?.teams)) throw new Error(`${file}: expected { "teams": [...] }`);
  return seed;
}

function readJson(file: string): unknown {
  const text = readFileSync(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** What there is without a seed file. The password is in no list of leaked ones. */
export const demoSeed: Seed = {
  teams: [
    {
      name: 'Harbour Bakery',
      users: [
        { email: 'demo@larkpost.example', name: 'Robin Demo', password: 'nine herons over Malmo' },
        { email: 'sam@larkpost.example', name: 'Sam Baker', password: 'rye and barley at dawn' },
      ],
      contacts: [
        { email: 'ada@example.com', name: 'Ada Okafor' },
        { email: 'bo@example.com', name: 'Bo Lindqvist' },
        { email: 'carmen@example.com', name: 'Carmen Ruiz' },
        { email: 'dmitri@example.com', name: 'Dmitri Volkov' },
        { email: 'emi@example.com', name: 'Emi Tanaka' },
      ],
    },
    {
      name: 'Larkpost operations',
      users: [{ email: 'ops@larkpost.example', name: 'Olu Operator', password: 'four lighthouses at noon', operator: true }],
      contacts: [],
    },
  ],
};

/** Puts the teams into the database. Users that are there already stay as they are, and so does the list of their team. */
export async function plantSeed({ teams }: Seed, { data, auth, fast }: { readonly data: Data; readonly auth: Auth; readonly fast: boolean }): Promise<void> {
  const missing = teams.flatMap(({ users }) => users).filter(({ email }) => data.users.byEmail(email) === undefined);
  const hashes = await hashAll(missing.map(({ password }) => password), (password) => auth.hashForSeed(password, fast));
  const hashOf = new Map(missing.map(({ email }, index) => [email, hashes[index] ?? '']));
  for (const { name, users, contacts } of teams) {
    let teamId = users.map(({ email }) => data.users.byEmail(email)).find((user) => user !== undefined)?.teamId;
    const isNew = teamId === undefined;
    for (const user of users) {
      const passwordHash = hashOf.get(user.email);
      if (passwordHash === undefined) continue;
      const team = teamId === undefined ? { newName: name } : { joinId: teamId };
      data.users.create({ email: user.email, name: user.name, team, passwordHash, status: 'active' });
      if (user.operator === true && auth.mode === 'protected') data.users.makeOperator(user.email);
      teamId ??= data.users.byEmail(user.email)?.teamId;
    }
    if (isNew && teamId !== undefined) data.contacts.add(teamId, contacts);
  }
}

/** Four at a time: as many as Node has threads for it, and few enough for a hasher that turns a crowd away. */
async function hashAll(passwords: readonly string[], hash: (password: string) => Promise<string>): Promise<readonly string[]> {
  const hashes: string[] = new Array<string>(passwords.length).fill('');
  let next = 0;
  async function work(): Promise<void> {
    while (next < passwords.length) {
      const index = next;
      next += 1;
      hashes[index] = await hash(passwords[index] ?? '');
    }
  }
  await Promise.all([work(), work(), work(), work()]);
  return hashes;
}
