export { expressDoors, type ExpressDoors } from './doors.ts';
export type { ExpressDoorsOptions } from './doors-options.ts';
export { limitRequests, type ClientKeys, type LimitRequestsOptions } from './limit.ts';
