export { expressDoors, type ExpressDoors } from './doors.ts';
export type { AccessRefusal, ExpressDoorsOptions, SignedInFacts } from './doors-options.ts';
export type { GuardOptions } from './guard.ts';
export { limitRequests, type ClientKeys, type LimitRequestsOptions } from './limit.ts';
export { factsOf as requestFacts } from './request.ts';
