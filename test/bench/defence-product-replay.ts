import { fakeClock } from 'portcullis/testing';
import type { LoginAttempt } from '../../bench/defence/policy.ts';
import { rankOf } from '../../bench/defence/population.ts';
import { startMs } from '../../bench/defence/scenario.ts';
import { product } from './defence-product-real.ts';
import { simulator, type Seen, type Side, type SiteOptions } from './defence-product-sides.ts';
import type { Step, Steps } from './defence-product-steps.ts';

/** One call of both sides. */
export interface Compared {
  readonly step: Step;
  /** What is given after a sign-in that asked for it. */
  readonly isMore: boolean;
  readonly simulated: Seen;
  readonly real: Seen;
}

export interface Replayed {
  readonly all: readonly Compared[];
  /** Kinds of alarms, in their order. */
  readonly alarms: { readonly simulated: readonly string[]; readonly real: readonly string[] };
}

/** What asks for something more. */
const moreOutcomes: readonly string[] = ['link', 'another password', 'second factor'];

/** Replays the steps through both, each at its time, and the simulator first, which takes no time. */
export async function replay({ population, steps }: Steps, options: Pick<SiteOptions, 'list' | 'stepUp'>): Promise<Replayed> {
  const clock = fakeClock(startMs);
  const leaked = new Set(population.passwords.filter((_, user) => population.leaked[user] !== 'no'));
  for (const { typed } of steps) if (typed !== undefined && rankOf(typed) > 0) leaked.add(typed);
  const accounts = population.ids.map((id, user) => ({ id, name: population.names[user] as string, password: population.passwords[user] as string, secondFactor: population.secondFactor[user] === 1 }));
  const site: SiteOptions = { ...options, clock, leaked, accounts };
  const [simulated, real] = [simulator(site), await product(site)];
  const run: Run = { simulated, real, site, leaked, passwords: accounts.map(({ password }) => password), known: new Map(), all: [] };
  for (const step of steps) {
    if (step.atMs < clock.nowMs()) throw new RangeError(`${step.part}: a step begins before the one before it has ended`);
    await clock.advance(step.atMs - clock.nowMs());
    for (const password of step.leaks ?? []) leaked.add(password);
    await (step.form === undefined ? signIn(run, step) : askForMail(run, step));
  }
  const alarms = { simulated: simulated.alarms(), real: real.alarms() };
  await simulated.close();
  await real.close();
  return { all: run.all, alarms };
}

interface Run {
  readonly simulated: Side;
  readonly real: Side;
  readonly site: SiteOptions;
  readonly leaked: Set<string>;
  /** By user, and the browsers that know each. The simulator is told both, as by `bench/defence/accounts-state.ts`; the product has its table and its cookies. */
  readonly passwords: string[];
  readonly known: Map<number, Set<string>>;
  readonly all: Compared[];
}

/** Long enough for the policy, and nobody's name. */
function newPasswordOf({ all }: Run): string {
  return `herons over the mill, ${all.length} of them`;
}

function replace({ passwords, known }: Run, user: number, password: string): void {
  passwords[user] = password;
  known.delete(user);
}

async function askForMail(run: Run, step: Step): Promise<void> {
  const { user, name, address, browser, answers, form = 'forgot', atMs } = step;
  const password = newPasswordOf(run);
  const probe = { nowMs: atMs, address, flow: form, name, exists: user >= 0, completed: answers };
  const simulated = await run.simulated.ask(probe, browser, password);
  run.all.push({ step, isMore: false, simulated, real: await run.real.ask(probe, browser, password) });
  if (form === 'forgot' && simulated.outcome === 'done') replace(run, user, password);
}

async function signIn(run: Run, step: Step): Promise<void> {
  const { simulated, real, known, all } = run;
  const { user, browser, answers } = step;
  const attempt = attemptOf(run, step);
  const first = { step, isMore: false, simulated: await simulated.signIn(attempt), real: await real.signIn(attempt) };
  all.push(first);
  const { outcome } = first.simulated;
  if (moreOutcomes.includes(outcome)) {
    if (!answers || first.real.outcome !== outcome) return;
    const password = newPasswordOf(run);
    all.push({ step, isMore: true, simulated: await simulated.giveMore(attempt, password), real: await real.giveMore(attempt, password) });
    if (outcome === 'another password') replace(run, user, password);
  } else if (outcome !== 'in') return;
  if (browser !== undefined) known.set(user, (known.get(user) ?? new Set()).add(browser));
}

function attemptOf({ passwords, known, leaked, site: { accounts } }: Run, { user, name, typed, browser, address, atMs }: Step): LoginAttempt {
  const passwordId = typed ?? passwords[user] ?? '';
  return {
    nowMs: atMs, address, name, passwordId,
    accountId: accounts[user]?.id,
    right: user >= 0 && passwords[user] === passwordId,
    leaked: leaked.has(passwordId) ? 'leaked' : 'no',
    known: browser !== undefined && known.get(user)?.has(browser) === true,
    browserId: browser,
    secondFactor: accounts[user]?.secondFactor === true,
  };
}

/** Where both sides differ, and how. */
export function differencesOf(all: readonly Compared[], parts: readonly (keyof Seen)[] = ['outcome', 'asked', 'told']): readonly object[] {
  const seen = (given: Seen): object => Object.fromEntries(parts.map((part) => [part, given[part]]));
  return all.filter(({ simulated, real }) => JSON.stringify(seen(simulated)) !== JSON.stringify(seen(real))).map(({ step, isMore, simulated, real }) => ({ at: new Date(step.atMs).toISOString(), step, isMore, simulated: seen(simulated), real: seen(real) }));
}
