export { headerSeconds } from '../kernel/header-seconds.ts';
export { createAddressCheck, type AddressCheckOptions, type AddressFacts } from './address-check.ts';
export type { LimiterDecision, LimiterPass, LimiterRefusal, RuleStanding } from './decision.ts';
export type { HeaderForm } from './headers.ts';
export { createLimiter, limiterDefaults, type Limiter, type LimiterCharge, type LimiterKeys, type LimiterOptions } from './limiter.ts';
export type { LimitRule } from './rules.ts';
