export type { AccessRefusal, SignedInFacts } from '../http/doors-options.ts';
export type { GuardOptions } from '../http/guard.ts';
export type { ClientKeys } from '../http/limit.ts';
export { readOnlyHeader, type ReadOnlyPageFacts } from '../http/read-only-answer.ts';
export { factsOf as requestFacts } from '../http/request.ts';
export { guardUpgrade, type UpgradeHandler } from '../http/upgrade.ts';
export { expressDoors, type ExpressDoors, type ExpressDoorsOptions } from './doors.ts';
export { limitRequests, type LimitRequestsOptions } from './limit.ts';
export { readOnlyErrors, readOnlyGuard, type ReadOnlyGuardOptions, type ReadOnlyRouteOptions } from './read-only.ts';
