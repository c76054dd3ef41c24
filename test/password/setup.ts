import { commonList } from 'portcullis/breach';
import { createPasswordPolicy, type PasswordCheck, type PasswordPolicyOptions, type PasswordVerdict } from 'portcullis/password';
import { systemClock } from '../../src/kernel/clock.ts';
import type { Clock } from '../../src/ports/clock.ts';

/** 28 characters, in no list, made of nobody's name. */
export const goodPassword = 'ripe plums sail over Uppsala';

/** A policy with the embedded list, and without the estimate unless a test asks for it. */
export function policyOf(options: Partial<PasswordPolicyOptions> = {}) {
  return createPasswordPolicy({ commonList: commonList(), minStrength: 0, ...options });
}

/** The codes of the reasons, [] when the password is accepted. */
export function codesOf(verdict: PasswordVerdict): readonly string[] {
  return verdict.ok ? [] : verdict.reasons.map(({ code }) => code);
}

/** What a policy has against a password. */
export async function codesFor(check: PasswordCheck, options: Partial<PasswordPolicyOptions> = {}): Promise<readonly string[]> {
  return codesOf(await policyOf(options).check(check));
}

/** The machine's clock with deadlines 20 times as long: for tests of a real thread on a machine that has much to do. */
export const unhurriedClock: Clock = { ...systemClock, after: (delayMs, run) => systemClock.after(delayMs * 20, run) };
