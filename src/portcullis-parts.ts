import { commonList, createBreachLookup, rangeService } from './breach/index.ts';
import { createDevices } from './device/index.ts';
import { accountsInTime } from './flows/in-time.ts';
import { createLimitKeys } from './flows/limit-keys.ts';
import { flowLimitDefaults, type FlowLimits } from './flows/limits.ts';
import { createLinks } from './flows/links.ts';
import type { FlowLimiters, FlowParts } from './flows/parts.ts';
import { createSessionEpochs } from './epochs/index.ts';
import { createHasher } from './hasher/index.ts';
import { harmless } from './kernel/harmless.ts';
import { createLimiter, type LimitRule } from './limiter/index.ts';
import { createLoginGuard } from './login-guard/index.ts';
import { createMfaPolicy } from './mfa/index.ts';
import { createPasswordPolicy } from './password/index.ts';
import type { ParsedPortcullisOptions } from './portcullis-options.ts';
import type { Stores } from './portcullis-stores.ts';
import type { CounterStore } from './ports/counter-store.ts';
import type { Emit } from './ports/events.ts';
import type { Mailer } from './ports/mailer.ts';
import { createReadOnlyMode, noReadOnlyMode } from './read-only/index.ts';
import { createRecoveryCodes } from './recovery/index.ts';
import { createForcedResets } from './resets/index.ts';
import { createTotp } from './totp/index.ts';
import { createUniformReplies } from './uniform/index.ts';

/** Makes every piece, with one key ring, one pair of stores and one stream of events. */
export function partsOf(parsed: ParsedPortcullisOptions, { counters, records, evidence }: Pick<Stores, 'counters' | 'records' | 'evidence'>, emit: Emit): FlowParts {
  const { keys, clock, random, storeDeadlineMs } = parsed;
  const limits = { clock, emit, deadlineMs: storeDeadlineMs };
  const told = harmless(parsed.reportError);
  const list = commonList();
  const breach = createBreachLookup({ sources: parsed.breach.sources ?? [list, rangeService({ ...parsed.breach.rangeService, clock, emit })], clock, emit });
  return {
    accounts: accountsInTime(parsed.accounts, limits),
    records,
    mailer: reporting(parsed.mailer, told),
    links: createLinks(parsed.baseUrl, parsed.paths),
    hasher: createHasher({ ...parsed.hasher, keys, clock, random, emit }),
    password: createPasswordPolicy({ ...parsed.password, commonList: list, breach, clock, emit }),
    breach,
    loginGuard: createLoginGuard({ ...parsed.loginGuard, keys, evidence, clock, emit }),
    devices: createDevices({ ...parsed.devices, keys, records, clock, random, emit }),
    totp: createTotp({ issuer: issuerOf(parsed.baseUrl), ...parsed.totp, keys, records, clock, random, emit }),
    recovery: createRecoveryCodes({ ...parsed.recovery, records, clock, random }),
    mfa: createMfaPolicy({ ...parsed.mfa, records, clock, emit }),
    epochs: createSessionEpochs({ ...parsed.epochs, records, clock, random, emit }),
    resets: createForcedResets({ ...parsed.resets, records, clock, random, emit }),
    readOnly: parsed.readOnly === false ? noReadOnlyMode : createReadOnlyMode({ ...parsed.readOnly, records, clock, random, emit }),
    secondFactor: parsed.secondFactor,
    challenge: parsed.challenge,
    sessionLimits: parsed.sessions,
    pathways: parsed.pathways,
    uniform: createUniformReplies({ ...parsed.uniform, clock, emit }),
    limiters: limitersOf(parsed, counters, emit),
    limitKeys: createLimitKeys({ keys, shared: counters.shared }),
    keys,
    canonicalize: parsed.canonicalize,
    random,
    clock,
    emit,
    reportError: told,
  };
}

/** The host, as an issuer may be called: the colons of an IPv6 address would end the name in an authenticator app. */
function issuerOf(baseUrl: string): string {
  const { hostname } = new URL(baseUrl);
  return hostname.includes(':') ? 'localhost' : hostname;
}

/** A mail is sent after its answer, where nobody sees it fail: the app's developer is told as well as the event stream. */
function reporting(mailer: Mailer, report: (error: unknown) => void): Mailer {
  return {
    async send(mail) {
      try {
        await mailer.send(mail);
      } catch (error) {
        report(error);
        throw error;
      }
    },
  };
}

function limitersOf({ limits, clock }: ParsedPortcullisOptions, store: CounterStore, emit: Emit): FlowLimiters {
  const { mode, ...own } = limits;
  const limiter = <Name extends string>(flow: keyof FlowLimits, name: string) => {
    const rules = { ...flowLimitDefaults[flow], ...withoutAbsent(own[flow]) } as Readonly<Record<Name, LimitRule>>;
    // `observe` is there so that nobody is turned away; a notice turns nobody away, and without a limit it floods a mailbox.
    return createLimiter({ name, rules, store, mode: flow === 'notice' || flow === 'challenge' ? 'enforce' : mode, clock, emit });
  };
  return {
    signIn: limiter('signIn', 'sign-in'),
    signUp: limiter('signUp', 'sign-up'),
    mail: limiter('mail', 'mail'),
    code: limiter('code', 'code'),
    passwordChange: limiter('passwordChange', 'password-change'),
    secondFactor: limiter('secondFactor', 'second-factor'),
    challenge: limiter('challenge', 'challenge'),
    enroll: limiter('enroll', 'enroll'),
    factorChange: limiter('factorChange', 'factor-change'),
    notice: limiter('notice', 'notice'),
  };
}

function withoutAbsent(rules: Readonly<Record<string, LimitRule | undefined>>): Readonly<Record<string, LimitRule>> {
  return Object.fromEntries(Object.entries(rules).filter((entry): entry is [string, LimitRule] => entry[1] !== undefined));
}
