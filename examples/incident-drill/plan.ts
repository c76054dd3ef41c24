import type { Seed } from '../shared/seed.ts';
import { createPeople, leakedPasswords, passPhrase, teamName, type Somebody } from './people.ts';
import { createRandom, type SeededRandom } from './random.ts';

/** How big a drill is. */
export interface Sizes {
  /** Accounts whose right password the attacker holds. */
  readonly victims: number;
  /** Addresses on the attacker's list that have no account. */
  readonly strangers: number;
  /** Accounts the attacker registers to learn what the doors say; as many addresses without an account beside them. */
  readonly calibration: number;
  readonly ordinary: number;
  readonly contactsPerTeam: number;
  /** Source addresses of the attacker. */
  readonly sources: number;
}

export const fullSize: Sizes = { victims: 40, strangers: 24, calibration: 12, ordinary: 18, contactsPerTeam: 50, sources: 480 };

/** Share of the leaked pairs whose password is in no list. */
export const unlistedShare = 0.15;

export interface Login extends Somebody {
  readonly password: string;
}

/** One line of the attacker's list. */
export interface LeakedPair {
  readonly email: string;
  readonly password: string;
  /** Whether the password is in the leaked lists. The attacker does not know. */
  readonly listed: boolean;
  /** Whether the address has an account; then the password is the right one. The attacker does not know. */
  readonly registered: boolean;
}

export interface OrdinaryUser extends Login {
  readonly source: string;
}

/** A victim whose password is in no list: nothing but a second factor stops whoever holds it. */
export interface Owner extends OrdinaryUser {
  /**
   * In the third run: has an authenticator (`code`), or none, and the deadline is past. Then they set one up afterwards, in a
   * session from before the policy (`session`) or after a new sign-in, by a mailed link (`mailbox`).
   */
  readonly way: 'code' | 'session' | 'mailbox';
}

/** Who does what, decided by the seed before anything runs. */
export interface Plan {
  readonly seed: number;
  readonly sizes: Sizes;
  /** Teams, users and contacts that both apps begin with. */
  readonly appSeed: Seed;
  readonly ordinary: readonly OrdinaryUser[];
  readonly owners: readonly Owner[];
  /** One for each team of victims; the first user of it, and on nobody's list. */
  readonly administrators: readonly OrdinaryUser[];
  readonly attacker: {
    readonly accounts: readonly Login[];
    /** Addresses that the attacker knows to be free. */
    readonly free: readonly string[];
    readonly pairs: readonly LeakedPair[];
    readonly sources: readonly string[];
    /** The one address that several accounts are entered from. */
    readonly oneSource: string;
  };
}

const usersPerTeam = 4;
const ways: readonly Owner['way'][] = ['code', 'mailbox', 'code', 'session'];

/** Makes the plan of a drill. The same seed and sizes make the same plan. */
export function makePlan(seed: number, sizes: Sizes = fullSize): Plan {
  const random = createRandom(seed, 'people');
  const somebody = createPeople(random);
  const victims = makeVictims(random, sizes, () => somebody('list.example'));
  const strangers = Array.from({ length: sizes.strangers }, () => pairOf(somebody('list.example').email, random, { listed: random.integer(100) >= unlistedShare * 100, registered: false }));
  const ordinary = Array.from({ length: sizes.ordinary }, () => ({ ...somebody('work.example'), password: passPhrase(random) }));
  const accounts = Array.from({ length: sizes.calibration }, () => ({ ...somebody('list.example'), password: passPhrase(random) }));
  const free = Array.from({ length: sizes.calibration }, () => somebody('list.example').email);
  const unlisted = victims.filter(({ pair }) => !pair.listed).map(({ person, pair }) => ({ ...person, password: pair.password }));
  const victimTeams = inTeams(victims.map(({ person, pair }) => ({ ...person, password: pair.password })));
  const administrators = makeAdministrators(createRandom(seed, 'administrators'), victimTeams.length);
  const attacking = sizes.ordinary + sizes.sources;
  const addresses = sourceAddresses(createRandom(seed, 'sources'), attacking + 1 + unlisted.length + administrators.length);
  const others = addresses.slice(attacking + 1);
  const teams = [...victimTeams.map((users, team) => [...administrators.slice(team, team + 1), ...users]), ...inTeams(ordinary)];
  const readers = makeReaders(random, sizes.contactsPerTeam * teams.length);
  return {
    seed,
    sizes,
    appSeed: { teams: teams.map((users) => ({ name: teamName(random), users, contacts: random.shuffle(readers).slice(0, sizes.contactsPerTeam) })) },
    ordinary: ordinary.map((login, index) => ({ ...login, source: addresses[index] ?? '' })),
    owners: unlisted.map((login, index) => ({ ...login, source: others[index] ?? '', way: ways[index % ways.length] ?? 'code' })),
    administrators: administrators.map((login, index) => ({ ...login, source: others[unlisted.length + index] ?? '' })),
    attacker: {
      accounts,
      free,
      pairs: random.shuffle([...victims.map(({ pair }) => pair), ...strangers]),
      sources: addresses.slice(sizes.ordinary, attacking),
      oneSource: addresses[attacking] ?? '',
    },
  };
}

/** From a stream of their own, so that they change nobody else. */
function makeAdministrators(random: SeededRandom, count: number): readonly Login[] {
  const somebody = createPeople(random);
  return Array.from({ length: count }, () => ({ ...somebody('office.example'), password: passPhrase(random) }));
}

function makeVictims(random: SeededRandom, { victims }: Sizes, somebody: () => Somebody) {
  const unlisted = Math.round(victims * unlistedShare);
  const listed = random.shuffle(Array.from({ length: victims }, (_, index) => index >= unlisted));
  return listed.map((isListed) => {
    const person = somebody();
    return { person, pair: pairOf(person.email, random, { listed: isListed, registered: true }) };
  });
}

function pairOf(email: string, random: SeededRandom, { listed, registered }: Pick<LeakedPair, 'listed' | 'registered'>): LeakedPair {
  return { email, password: listed ? random.pick(leakedPasswords) : passPhrase(random), listed, registered };
}

function inTeams(users: readonly Login[]): readonly (readonly Login[])[] {
  return Array.from({ length: Math.ceil(users.length / usersPerTeam) }, (_, team) => users.slice(team * usersPerTeam, (team + 1) * usersPerTeam));
}

/** People who read newsletters: so many for each one on a list, as some are on more than one. */
function makeReaders(random: SeededRandom, contacts: number): readonly Somebody[] {
  const reader = createPeople(random);
  return Array.from({ length: Math.ceil(contacts * 0.8) }, () => reader('readers.example'));
}

/** Distinct addresses of the loopback network, and none that anything else uses. */
function sourceAddresses(random: SeededRandom, count: number): readonly string[] {
  const addresses = new Set<string>();
  while (addresses.size < count) addresses.add(`127.${random.integer(200) + 20}.${random.integer(256)}.${random.integer(254) + 1}`);
  return [...addresses];
}
