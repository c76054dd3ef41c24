export { expressDoors, type ExpressDoors, type ExpressDoorsOptions } from './doors.ts';
export { limitRequests, type ClientKeys, type LimitRequestsOptions } from './limit.ts';
