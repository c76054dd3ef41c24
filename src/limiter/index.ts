export { createAddressCheck, type AddressCheckOptions, type AddressFacts } from './address-check.ts';
export { headerSeconds, type HeaderForm } from './headers.ts';
export {
  createLimiter,
  limiterDefaults,
  type Limiter,
  type LimiterDecision,
  type LimiterKeys,
  type LimiterOptions,
  type LimiterPass,
  type LimiterRefusal,
  type RuleStanding,
} from './limiter.ts';
export type { LimitRule } from './rules.ts';
