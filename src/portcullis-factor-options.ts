import type { ChallengeOptions, OwnFactor, Pathway, Pathways } from './flows/factor-options.ts';
import { ConfigError } from './kernel/errors.ts';
import { list, oneOf, piece, port, readOptions, text, wrong, type OptionReader } from './kernel/options.ts';

export const strangersOption: OptionReader<ChallengeOptions['strangers']> = (given, name) => (typeof given === 'function' ? (given as ChallengeOptions['strangers'] & object) : oneOf(['none', 'suspicious', 'mail'], 'suspicious')(given, name));

export const ownFactor: OptionReader<OwnFactor> = (given, name) => {
  const own = port<OwnFactor>(['isEnrolled', 'verify'])(given, name);
  const taken = ['password', 'totp', 'recovery-code', 'remembered-browser', 'mailed-link', 'external', 'external-mfa', 'second-factor'];
  if (typeof own.method !== 'string' || !/^[a-z][\w-]{0,31}$/.test(own.method) || taken.includes(own.method)) throw wrong(`${name}.method`, 'a word of its own in lower case, such as "webauthn"', own.method);
  return own;
};

/** Methods of RFC 8176 that are no second factor whoever says so: a password, a mailbox, a telephone, a question. */
const weakAmr = ['pwd', 'pin', 'sms', 'tel', 'kba', 'user', 'email', 'otp-email'];

export const pathwaysOption: OptionReader<Pathways> = (given, name) => {
  const read = piece<Readonly<Record<string, unknown>>>()(given, name);
  const entries = Object.entries(read).map(([pathway, options]): [string, Pathway] => {
    if (pathway === 'password') throw new ConfigError(`${name}.password: is the library's own way in`);
    const { secondFactorAmr } = readOptions(`${name}.${pathway}`, options, { secondFactorAmr: list<string>(text(), []) });
    const weak = secondFactorAmr.find((method) => weakAmr.includes(method));
    if (weak !== undefined) throw new ConfigError(`${name}.${pathway}.secondFactorAmr: "${weak}" is no second factor (SP 800-63B-4 section 3.1.3)`);
    return [pathway, { secondFactorAmr }];
  });
  return Object.freeze(Object.fromEntries(entries));
};
