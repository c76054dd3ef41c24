export type { StoreFinding, StoreInspection } from '../../ports/store-inspection.ts';
export type { IoRedisClient, NodeRedisClient, RedisClient } from './client.ts';
export { redisDefaults, redisStore, type RedisStore, type RedisStoreOptions } from './store.ts';
