import type { LimitRule } from '../limiter/index.ts';
import type { LimitRuleName } from './limit-keys.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

type Rules = Readonly<Record<LimitRuleName, LimitRule>>;

/** What can be tried too often, and the rates of each. */
export interface FlowLimits {
  readonly signIn: Rules;
  readonly signUp: Rules;
  readonly mail: Rules;
  readonly code: Rules;
  readonly passwordChange: Rules;
  readonly secondFactor: Rules;
  readonly enroll: { readonly account: LimitRule };
  readonly factorChange: { readonly account: LimitRule };
  readonly challenge: { readonly account: LimitRule };
  readonly notice: { readonly account: LimitRule };
}

/**
 * The default rates. A right password gives its charge back, so that `signIn` counts failures. Two independent buckets, by
 * name and by address (OWASP Credential Stuffing Cheat Sheet). Rates alone are not the cap of 100 consecutive failures of
 * SP 800-63B-4 section 3.2.2: 5 in 5 minutes are 1,440 a day. Mails are few because each lands in somebody's mailbox.
 */
export const flowLimitDefaults: FlowLimits = Object.freeze({
  signIn: rules({ address: per(10, minuteMs), account: per(5, 5 * minuteMs), device: per(10, hourMs) }),
  signUp: rules({ address: per(10, hourMs), account: per(3, hourMs) }),
  mail: rules({ address: per(10, 10 * minuteMs), account: per(3, hourMs) }),
  code: rules({ address: per(20, 10 * minuteMs), account: per(10, hourMs) }),
  passwordChange: rules({ address: per(10, minuteMs), account: per(5, 5 * minuteMs) }),
  secondFactor: rules({ address: per(20, 10 * minuteMs), account: per(10, 10 * minuteMs) }),
  enroll: Object.freeze({ account: per(20, hourMs) }),
  factorChange: Object.freeze({ account: per(10, hourMs) }),
  challenge: Object.freeze({ account: per(5, hourMs) }),
  notice: Object.freeze({ account: per(2, 24 * hourMs) }),
});

function per(limit: number, windowMs: number): LimitRule {
  return Object.freeze({ limit, windowMs });
}

/** A site is ten clients; all requests without an address together are thirty. */
function rules({ address, account, device = account }: Pick<Rules, 'address' | 'account'> & Partial<Pick<Rules, 'device'>>): Rules {
  const { limit, windowMs } = address;
  return Object.freeze({ address, site: per(limit * 10, windowMs), noAddress: per(limit * 30, windowMs), account, device });
}
