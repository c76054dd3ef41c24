export { sqliteDefaults, sqliteStore, type SqliteStore, type SqliteStoreOptions } from './store.ts';
