export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Day 0 of every run. Day 14 is then 2019-10-12, on which the replay of 2019 begins. */
export const startMs = Date.UTC(2019, 8, 28);

/** One way for the world to be. Everything that flatters a defense can be turned here. */
export interface Scenario {
  readonly id: string;
  readonly accounts: number;
  readonly days: number;
  /** Of the attack, from the start of the run. */
  readonly attackMs: number;
  /** Factor on the share of sessions with a typo. */
  readonly typos: number;
  /** Share of sessions whose browser has a valid cookie. */
  readonly cookies: number;
  /** Share of IPv4 homes behind a carrier's address. */
  readonly cgnat: number;
  /** Whether a list of leaked passwords is there at all. */
  readonly leakedList: boolean;
  /** Share of accounts whose mailbox an attacker can read, and so finish a mailed step-up. */
  readonly mailboxes: number;
  /** Share of accounts that must replace their password on the day of the attack. */
  readonly forcedReset: number;
  /** Whether the policy's store is gone for ten minutes, one hour into the attack. */
  readonly outage: boolean;
}

export const standard: Scenario = Object.freeze({
  id: 'standard',
  accounts: 10_000,
  days: 28,
  attackMs: 14 * dayMs + 9 * hourMs,
  typos: 1,
  cookies: 0.9,
  cgnat: 0.2,
  leakedList: true,
  mailboxes: 0,
  forcedReset: 0,
  outage: false,
});

const changes: readonly (Partial<Scenario> & { readonly id: string })[] = [
  { id: 'standard' },
  { id: 'ablation' },
  { id: 'ablation-cgnat', cgnat: 1 },
  { id: 'ablation-slow' },
  { id: 'ablation-typos', typos: 5, cookies: 0.7 },
  { id: 'redis' },
  { id: 'n-1k', accounts: 1_000 },
  { id: 'n-100k', accounts: 100_000 },
  { id: 'typo-x5', typos: 5 },
  { id: 'cookies-70', cookies: 0.7 },
  { id: 'typo-x5-cookies-70', typos: 5, cookies: 0.7 },
  { id: 'cgnat-x5', cgnat: 1 },
  { id: 'no-leaked-list', leakedList: false },
  { id: 'mailbox-7', mailboxes: 0.07 },
  { id: 'mailbox-25', mailboxes: 0.25 },
  { id: 'first-hour', attackMs: hourMs },
  { id: 'forced-reset', forcedReset: 0.3 },
  { id: 'outage', outage: true },
];

/** Every scenario by its id. The lack of a step-up channel is a policy's own option, so it is none of these. */
export const scenarios: ReadonlyMap<string, Scenario> = new Map(changes.map((change) => [change.id, Object.freeze({ ...standard, ...change })]));
