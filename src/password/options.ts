import { systemClock } from '../kernel/clock.ts';
import { ConfigError } from '../kernel/errors.ts';
import { callback, integer, list, optional, port, readOptions, text, wrong, type OptionReader } from '../kernel/options.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { CommonPasswords } from './common.ts';
import { maxWordChars, wordsOf } from './context.ts';

/** What a lookup of leaked passwords answers. */
export type BreachAnswer =
  | { readonly verdict: 'clean' }
  | { readonly verdict: 'breached'; readonly count: number }
  | { readonly verdict: 'unknown'; readonly reason: string };

/** Knows whether a password has leaked. `createBreachLookup()` of portcullis/breach makes one. */
export interface BreachCheck {
  check(question: { readonly password: string; readonly budgetMs: number }): Promise<BreachAnswer>;
}

export interface PasswordPolicyOptions {
  /** Fewest characters (code points after NFC) of a password that is the only factor. 15 to 64; default 15. */
  readonly minLengthChars?: number;
  /** The same, 8 to 14: shorter than SP 800-63B-4 allows where the password is the only factor. */
  readonly dangerouslyMinLengthChars?: number;
  /** Names of the site, the product and the company. A password made of them alone is refused. Default none. */
  readonly contextWords?: readonly string[];
  /** The passwords that attackers try first. Required: `commonList()` of portcullis/breach. */
  readonly commonList: CommonPasswords;
  /** Who knows leaked passwords. Absent: the verdict says `not-checked`. */
  readonly breach?: BreachCheck;
  /** Lowest estimate that is accepted, 0 to 4; default 2. 0 makes no estimate and starts no thread. */
  readonly minStrength?: number;
  readonly clock?: Clock;
  readonly emit?: Emit;
}

/**
 * The defaults of `createPasswordPolicy`. 15: SP 800-63B-4 section 3.1.1.2 (1). Strength 2: more than a million guesses,
 * which is beyond guessing online; 3 would refuse random passwords of 8 characters, which are allowed beside a second factor.
 */
export const passwordPolicyDefaults = Object.freeze({ minLengthChars: 15, contextWords: Object.freeze([] as readonly string[]), minStrength: 2 });

const recommendedMinChars = 15;
const lowestMinChars = 8;

const minLengthOption: OptionReader<number> = (given, name) => {
  if (typeof given === 'number' && given >= lowestMinChars && given < recommendedMinChars) {
    throw new ConfigError(
      `${name}: expected a whole number from 15 to 64, got ${given}; shorter is against SP 800-63B-4 3.1.1.2 without a second factor and needs dangerouslyMinLengthChars`,
    );
  }
  return integer({ min: recommendedMinChars, max: 64, fallback: passwordPolicyDefaults.minLengthChars })(given, name);
};

/** Parses the options once. Throws ERR_CONFIG. */
export function readPasswordPolicyOptions(options: PasswordPolicyOptions) {
  const parsed = readOptions('password', options, {
    minLengthChars: minLengthOption,
    dangerouslyMinLengthChars: optional(integer({ min: lowestMinChars, max: recommendedMinChars - 1 })),
    contextWords: list(text(), passwordPolicyDefaults.contextWords),
    commonList: port<CommonPasswords>(['has']),
    breach: optional(port<BreachCheck>(['check'])),
    minStrength: integer({ min: 0, max: 4, fallback: passwordPolicyDefaults.minStrength }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    emit: callback<Emit>(() => undefined),
  });
  const { contextWords, dangerouslyMinLengthChars, minLengthChars, ...rest } = parsed;
  if (dangerouslyMinLengthChars !== undefined && options.minLengthChars !== undefined) {
    throw new ConfigError('password.dangerouslyMinLengthChars: expected minLengthChars or this, got both');
  }
  return { ...rest, minLengthChars: dangerouslyMinLengthChars ?? minLengthChars, contextWords: readContextWords(contextWords) };
}

/** The words folded, all of them: a name that would be left out silently would not be refused either. */
function readContextWords(given: readonly string[]): readonly string[] {
  const words = wordsOf(given);
  for (const [index, name] of given.entries()) {
    const parts = wordsOf([name]);
    if (parts.length === 0) throw wrong(`password.contextWords[${index}]`, 'a name with letters or digits, of at most 320 characters', name);
    if (parts.some((part) => !words.includes(part))) throw wrong('password.contextWords', `at most ${maxWordChars / 2} characters in all`, given);
  }
  return words;
}
