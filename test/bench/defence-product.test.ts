import { describe, expect, it } from 'vitest';
import { differencesOf, replay, type Compared, type Replayed } from './defence-product-replay.ts';
import { makeSteps } from './defence-product-steps.ts';

/*
 * bench/defence says how well we defend by pieces that it puts together by hand. Here the same attempts go through that hand-made sign-in and through
 * `createPortcullis`, and each must come to the same: what the person sees and the owner is mailed, each question to the evidence with its answer,
 * each settlement, and each event that the monitor reads, the guard's reasons among them.
 *
 * What is otherwise on purpose, since the simulator has no mails and no forms:
 * - Limits of mails, notices, links and codes are raised in the product: there, every mail arrives and every link can be opened.
 * - A mail that is answered gives its charge back when it is answered, and there with the request. Here it is answered in the same second.
 * - "Another password" there is a step-up that ends signed in. Here it is a link to a new password and one more sign-in with that; the end is compared.
 * - Of the events those are compared that the monitor reads, without their tags; the refusal of a known browser's own budget is told here alone.
 * - A second factor of the app's own stands for the authenticator.
 *
 * What seldom happens, and what is still otherwise, is in defence-product-stories.test.ts: the list here goes around it.
 */

const made = makeSteps(1);
const policies = [
  { policy: 'default', list: false, stepUp: true },
  { policy: 'leaked', list: true, stepUp: true },
  { policy: 'no-step-up', list: false, stepUp: false },
] as const;
/** Each is replayed once, for all that is asked of it. */
const replayed = new Map<string, Promise<Replayed>>();

function replayOf({ policy, ...options }: (typeof policies)[number]): Promise<Replayed> {
  const found = replayed.get(policy) ?? replay(made, options);
  replayed.set(policy, found);
  return found;
}

/** The end of a way that the two sides go in another number of steps. */
function isNewPassword({ isMore, real }: Compared): boolean {
  return isMore && real.told.some((line) => line.startsWith('password-reset.succeeded'));
}

describe.each(policies)('the policy "$policy" of the simulator', (policy) => {
  it('decides each of some 2,000 attempts as the product does, for the same reasons, and settles it alike', async () => {
    const { all } = await replayOf(policy);
    expect(all.length).toBeGreaterThan(1_500);
    // One is enough to look at: what follows from it differs too.
    expect(differencesOf(all.filter((each) => !isNewPassword(each))).slice(0, 1)).toEqual([]);
    expect(differencesOf(all.filter(isNewPassword), ['outcome']).slice(0, 1)).toEqual([]);
  });

  it('raises the alarms that the product raises', async () => {
    const { alarms } = await replayOf(policy);
    expect(alarms.simulated).toEqual(alarms.real);
    expect(new Set(alarms.real)).toEqual(new Set(['stuffing', 'slow-stuffing', 'login-enumeration', 'accounts', 'spraying', 'brute-force', 'enumeration']));
  });

  it('was asked about all there is: or the comparison would say little', async () => {
    const { all } = await replayOf(policy);
    const seen = new Set(all.map(({ step, isMore, real }) => `${step.part}${isMore ? ', and then' : ''}: ${real.outcome}`));
    expect([...seen]).toEqual(expect.arrayContaining(policy.list ? [...outcomes, ...outcomesOfList] : [...outcomes, 'leaked passwords in peace: in']));
    expect([...seen].filter((each) => each.endsWith(': link'))).toEqual(policy.stepUp ? expect.arrayContaining([...links]) : []);
    const told = all.flatMap(({ real }) => real.told).join('\n');
    for (const line of lines) expect(told).toContain(line);
    const asked = all.flatMap(({ real }) => real.asked).join('\n');
    for (const part of ['"as":"failed"', '"as":"held"', '"as":"entered"', '"as":"refunded"', '"as":"known"', '"again":true', '"sharedSource":true', '"surge":true']) expect(asked).toContain(part);
  });
});

const outcomes: readonly string[] = [
  'first sign-ins: in', 'first sign-ins: wrong', 'first sign-ins: second factor',
  'known browsers: in', 'known browsers that mistype: wrong', 'known browsers out of budget: wrong', 'known browsers that come again: in',
  'new browsers: in', 'new browsers: second factor', 'strangers that mistype: wrong', 'nobody: wrong',
  'forgotten passwords: done', 'forgotten passwords: in', 'sign-ups: done', 'sign-ups: received',
  'stuffing from one address: wrong', 'stuffing from one address: in', 'faster than the limits: limited',
  'people behind a network that is refused: wrong', 'people behind a network that is refused: limited', 'people behind a network that is refused: in',
  'stuffing from many addresses: wrong', 'stuffing from many addresses: second factor', 'known browsers in a surge: in', 'at home in a surge: in',
  'names tried at the forms: received', 'names tried at the forms: limited', 'names tried at the forms: wrong', 'a name tried at a form that is closed: limited', 'a name tried at a form that is closed: received',
  'a program with an old password: limited', 'right passwords one after the other: in', 'when it has faded: in',
];

const outcomesOfList: readonly string[] = ['leaked passwords in peace: another password', 'first sign-ins: another password', 'first sign-ins, and then: in'];

const links: readonly string[] = [
  'stuffing from one address: link', 'people behind a network that is refused: link', 'a sprayed password: link', 'guesses at one account: link',
  'failures in a row: link', 'stuffing from many addresses: link', 'away in a surge: link', 'when it has faded: link',
];

const lines: readonly string[] = [
  'verdict step-up, reasons source', 'verdict step-up, reasons account', 'verdict step-up, reasons sprayed-password', 'verdict step-up, reasons surge', 'verdict step-up, reasons source,surge',
  'verdict refuse, reasons source', 'flow sign-up', 'flow forgot-password', 'state began, test fast', 'state ended, test fast', 'state began, test slow', 'repeated true', 'reason refused-network',
];
