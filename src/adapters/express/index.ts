export type { AccessRefusal, ExpressDoorsOptions, SignedInFacts } from './doors-options.ts';
export { expressDoors, type ExpressDoors } from './doors.ts';
export type { GuardOptions } from './guard.ts';
export { limitRequests, type ClientKeys, type LimitRequestsOptions } from './limit.ts';
export { readOnlyHeader, type ReadOnlyPageFacts } from './read-only-answer.ts';
export { guardUpgrade, readOnlyErrors, readOnlyGuard, type ReadOnlyGuardOptions, type ReadOnlyRouteOptions, type UpgradeHandler } from './read-only.ts';
export { factsOf as requestFacts } from './request.ts';
