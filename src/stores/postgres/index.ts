export type { StoreFinding, StoreInspection } from '../../ports/store-inspection.ts';
export { postgresDefaults, postgresStore, type PostgresStore, type PostgresStoreOptions } from './store.ts';
export { postgresSchema } from './schema.ts';
export type { TableOptions } from './names.ts';
export type { PostgresClient, PostgresPool, PostgresResult } from './pool.ts';
