import type { LoginAttempt, LoginOutcome, Policy, PolicyFactory } from '../policy.ts';

/**
 * A policy and one rule more: a right password that is known to have leaked asks for a step-up, except in a browser that the
 * account knows. That is kinder than to ask everywhere, so the peer stands in the best light.
 */
export function leakedStepsUp(makePolicy: PolicyFactory): PolicyFactory {
  return (world) => {
    const inner = makePolicy(world);
    const stepped = ({ leaked, known }: LoginAttempt, outcome: LoginOutcome): LoginOutcome =>
      outcome.as === 'in' && leaked !== 'no' && !known ? { as: 'step-up', reason: leaked === 'popular' ? 'popular password' : 'leaked password' } : outcome;
    return {
      ...inner,
      name: `${inner.name}+leaked`,
      attempt(attempt) {
        const outcome = inner.attempt(attempt);
        return outcome instanceof Promise ? outcome.then((awaited) => stepped(attempt, awaited)) : stepped(attempt, outcome);
      },
      async begin(attempt) {
        const begun = (await inner.begin?.(attempt)) ?? (() => inner.attempt(attempt));
        return typeof begun === 'function' ? async () => stepped(attempt, await begun()) : begun;
      },
    } satisfies Policy;
  };
}
