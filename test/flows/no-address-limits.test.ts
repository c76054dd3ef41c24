import { describe, expect, it } from 'vitest';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';

type Answer = { readonly reply?: { readonly status: number } };

const nobody = { address: undefined, accepts: 'json' } as const;
const somebody = { address: '198.51.100.7', accepts: 'json' } as const;

interface Door {
  /** What an address may do, by the README's table. */
  readonly ofAddress: number;
  readonly ask: (kit: Kit, number: number, facts: typeof nobody | typeof somebody) => Promise<Answer>;
}

// Each names another account, so that no limit by account is met.
const doors: readonly (readonly [string, Door])[] = [
  ['sign-in', { ofAddress: 10, ask: ({ portcullis }, number, facts) => portcullis.signIn.attempt({ identifier: `nobody${number}@example.com`, password: otherPassword, facts }) as Promise<Answer> }],
  ['sign-up', { ofAddress: 10, ask: ({ portcullis }, number, facts) => portcullis.signUp.request({ identifier: `nobody${number}@example.com`, password: goodPassword, profile: {}, facts }) }],
  ['mail', { ofAddress: 10, ask: ({ portcullis }, number, facts) => portcullis.passwordReset.request({ identifier: `nobody${number}@example.com`, facts }) }],
  ['code', { ofAddress: 20, ask: ({ portcullis }, number, facts) => portcullis.passwordReset.redeem({ token: `${number}`.padStart(43, 'A'), password: goodPassword, facts }) }],
];

/** So many at once. Answers how many of them were refused by the limit. */
async function refusedOf(kit: Kit, { ask }: Door, count: number, facts: typeof nobody | typeof somebody, first = 0): Promise<number> {
  const answers = await kit.value(Promise.all(Array.from({ length: count }, (_, each) => ask(kit, first + each, facts))));
  expect(answers.filter(({ reply }) => reply?.status === 503)).toEqual([]);
  return answers.filter(({ reply }) => reply?.status === 429).length;
}

// ASVS 5.0 6.3.1, 2.4.1
describe.each(doors)('requests without an address, with the limits as they come: %s', (limiter, door) => {
  const together = 30 * door.ofAddress;

  it(`share one budget, of ${together}`, async () => {
    const kit = makeKit({ hasher: { gate: { maxWaiting: 10_000, maxWaitMs: 60_000 } } });
    // At once, since it comes back as time passes.
    expect(await refusedOf(kit, door, together + 5, nobody)).toBe(5);
    expect(kit.events.filter(({ type }) => type === 'limiter.refused')).toMatchObject(Array.from({ length: 5 }, () => ({ limiter, rule: 'noAddress', enforced: true })));
    // Whoever has an address has a budget of their own.
    expect(await refusedOf(kit, door, door.ofAddress + 1, somebody, 20_000)).toBe(1);
  });
});
