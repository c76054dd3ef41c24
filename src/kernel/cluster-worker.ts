import type cluster from 'node:cluster';

/** Whether this process is one of several that share a port. Not imported: it brings child_process and dgram along, and the package must load fast. */
export function isClusterWorker(): boolean {
  // The types describe the module as it is imported, with everything under `default`.
  return (process.getBuiltinModule('node:cluster') as unknown as typeof cluster).isWorker;
}
