import { withDeadline } from '../kernel/deadline.ts';
import type { Clock } from '../ports/clock.ts';
import { isCommon } from './common.ts';
import { isMadeOf, personalWordsOf } from './context.ts';
import { readPasswordPolicyOptions, type BreachAnswer, type BreachCheck, type PasswordPolicyOptions } from './options.ts';
import { guidanceOf, maxLengthBytes, maxLengthChars, reasonOf, type PasswordReason, type PasswordReasonCode } from './reasons.ts';
import { spawnWorker, type Strength, type WorkerLike } from './strength-thread.ts';
import { createStrengthMeter } from './strength.ts';

/** A password that somebody wants to have. */
export interface PasswordCheck {
  /** As it came from the form. Anything but well-formed text is a reason, never a throw. */
  readonly password: unknown;
  /** What others know of this person: e-mail address, user name, display name, organization. */
  readonly personal?: readonly string[];
  /** True only where a second factor is mandatory for this account and enrolled: the minimum is then 8 (SP 800-63B-4 3.1.1.2 (1)). */
  readonly secondFactor?: boolean;
  /** How long the breach lookup may take, ms. Default 1,000. */
  readonly budgetMs?: number;
}

/** Accepted, or refused with all reasons at once. `unknown`: nobody could say; look again later. */
export type PasswordVerdict =
  | { readonly ok: true; readonly breach: 'clean' | 'unknown' | 'not-checked'; readonly strength: Strength | 'unknown' }
  | { readonly ok: false; readonly reasons: readonly PasswordReason[]; readonly guidance: string };

export interface PasswordPolicy {
  /** Judges a new password. Rejects only with what `commonList.has` throws: an unchecked password is never accepted. */
  check(check: PasswordCheck): Promise<PasswordVerdict>;
  /** Starts the estimator (0.3 s in a thread of its own), so that the first check need not. Never rejects. */
  warmUp(): Promise<void>;
  /** Ends the estimator's thread. Checks go on without an estimate. */
  close(): Promise<void>;
}

const minLengthWithSecondFactor = 8;
const defaultBudgetMs = 1_000;

/**
 * Makes the judge of new passwords: length, words about the person and the site, common passwords and what is made of them,
 * leaked passwords, and an estimate of strength. It has no rules on the kinds of characters and no expiry, by design.
 *
 * In:     {@link PasswordCheck}. Out: {@link PasswordVerdict}. More than 128 characters or 1,024 bytes cost nothing.
 * Emits:  `strength.unknown` when there is no estimate; the other checks hold all the same.
 * Throws: ERR_CONFIG here, for a wrong option.
 * Source: NIST SP 800-63B-4 section 3.1.1.2, OWASP ASVS 5.0 6.2.1, 6.2.4, 6.2.5, 6.2.9, 6.2.11, 6.2.12.
 */
export function createPasswordPolicy(options: PasswordPolicyOptions): PasswordPolicy {
  return passwordPolicyWith(options, spawnWorker);
}

/** The same with another way to start the estimator's thread: for builds and tests in which there is none. */
export function passwordPolicyWith(options: PasswordPolicyOptions, spawn: () => WorkerLike): PasswordPolicy {
  const { breach, clock, commonList, contextWords, emit, minLengthChars, minStrength } = readPasswordPolicyOptions(options);
  const meter = minStrength > 0 ? createStrengthMeter({ clock, emit, spawn }) : undefined;

  return Object.freeze({
    async check({ password, personal, secondFactor, budgetMs = defaultBudgetMs }) {
      const minChars = secondFactor === true ? minLengthWithSecondFactor : minLengthChars;
      const read = readPassword(password);
      if (!read.ok) return refused([read.code], minChars);
      const words = [...new Set([...personalWordsOf(personal), ...contextWords])];
      const reasons: PasswordReasonCode[] = [];
      if (read.lengthChars < minChars) reasons.push('too-short');
      const ofWords = isMadeOf(read.text, words);
      if (ofWords) reasons.push('context');
      // A word joined with an entry is common; of words alone only what the list itself has.
      if (isCommon(read.text, { list: commonList, words: ofWords ? [] : words })) reasons.push('common');
      const [leak, strength] = await Promise.all([
        askBreach(breach, { password: read.given, budgetMs, clock }),
        meter === undefined ? ('unknown' as const) : meter.measure(read.text, words),
      ]);
      if (leak === 'breached') reasons.push('breached');
      if (strength !== 'unknown' && strength < minStrength) reasons.push('weak');
      return reasons.length === 0 && leak !== 'breached' ? { ok: true, breach: leak, strength } : refused(reasons, minChars);
    },
    async warmUp() {
      // The embedded list is decoded when it is first asked.
      commonList.has('warm-up');
      await meter?.warmUp();
    },
    async close() {
      await meter?.close();
    },
  } satisfies PasswordPolicy);
}

type ReadPassword =
  | { readonly ok: true; readonly given: string; readonly text: string; readonly lengthChars: number }
  | { readonly ok: false; readonly code: PasswordReasonCode };

/** The password in NFC, if it is text of acceptable size. What is too long is not even normalized. */
function readPassword(password: unknown): ReadPassword {
  if (typeof password !== 'string') return { ok: false, code: 'not-text' };
  // UTF-8 takes at least one byte for each of these units, so 1,025 of them are too many bytes. The rest needs no count:
  // 128 characters in NFC take 512 bytes at most, and come from 768 such units at most.
  if (password.length > maxLengthBytes) return { ok: false, code: 'too-long' };
  // In UTF-8 every lone surrogate becomes U+FFFD: different passwords would become one.
  if (!password.isWellFormed()) return { ok: false, code: 'not-text' };
  const text = password.normalize('NFC');
  const lengthChars = Array.from(text).length;
  if (lengthChars > maxLengthChars) return { ok: false, code: 'too-long' };
  return { ok: true, given: password, text, lengthChars };
}

function refused(codes: readonly PasswordReasonCode[], minChars: number): PasswordVerdict {
  return { ok: false, reasons: codes.map((code) => reasonOf(code, minChars)), guidance: guidanceOf(minChars) };
}

/** The lookup's word, read with suspicion: who is late, throws or answers nonsense does not know. */
async function askBreach(
  breach: BreachCheck | undefined,
  { password, budgetMs, clock }: { readonly password: string; readonly budgetMs: number; readonly clock: Clock },
): Promise<BreachAnswer['verdict'] | 'not-checked'> {
  if (breach === undefined) return 'not-checked';
  try {
    const answer = breach.check({ password, budgetMs });
    const { verdict } = await withDeadline(answer, { clock, deadlineMs: budgetMs, onLate: () => new Error('late') });
    return verdict === 'clean' || verdict === 'breached' ? verdict : 'unknown';
  } catch {
    return 'unknown';
  }
}
