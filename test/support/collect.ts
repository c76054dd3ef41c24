import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are really in use: after collections, the last of which finds what buffers let go of in between. */
export async function bytesInUse(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    collect();
    await wait(10);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
