import { readFileSync } from 'node:fs';
import type { Auth } from './auth.ts';
import type { Contact } from './data/contacts.ts';
import type { Data } from './data/data.ts';

/** Teams to begin with. Addresses are in lower case. */
export interface Seed {
  readonly teams: readonly {
    readonly name: string;
    readonly users: readonly { readonly email: string; readonly name: string; readonly password: string }[];
    readonly contacts: readonly Contact[];
  }[];
}

export function readSeedFile(file: string): Seed {
  const seed = JSON.parse(readFileSync(file, 'utf8')) as Seed;
  if (!Array.isArray(seed.teams)) throw new Error(`${file}: expected { "teams": [...] }`);
  return seed;
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
  ],
};

/** Puts the teams into the database. Users that are there already stay as they are, and so do their teams. */
export async function plantSeed({ teams }: Seed, { data, auth, fast }: { readonly data: Data; readonly auth: Auth; readonly fast: boolean }): Promise<void> {
  const fresh = teams.map((team) => ({ ...team, users: team.users.filter(({ email }) => data.users.byEmail(email) === undefined) }));
  const hashes = await hashAll(fresh.flatMap(({ users }) => users.map(({ password }) => password)), (password) => auth.hashForSeed(password, fast));
  let next = 0;
  for (const { name, users, contacts } of fresh) {
    let teamId: number | undefined;
    for (const { email, name: userName } of users) {
      const team: { newName: string } | { joinId: number } = teamId === undefined ? { newName: name } : { joinId: teamId };
      const id = data.users.create({ email, name: userName, team, passwordHash: hashes[next] ?? '', status: 'active' });
      next += 1;
      teamId ??= id === undefined ? undefined : data.users.byId(id)?.teamId;
    }
    if (teamId !== undefined) data.contacts.add(teamId, contacts);
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
