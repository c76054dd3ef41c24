import cluster from 'node:cluster';
import { createAddressCheck } from '../../src/limiter/index.ts';

// Run by address-check.test.ts: what does the check say at the start of a cluster worker?
if (cluster.isPrimary) {
  cluster.fork().on('message', (problems: unknown) => {
    process.stdout.write(JSON.stringify(problems));
  });
} else {
  const problems: string[] = [];
  for (const sharedCounters of [false, true]) {
    createAddressCheck({ sharedCounters, warn: () => undefined, emit: (event) => problems.push(`${event.type} ${'problem' in event ? event.problem : ''}`) });
  }
  process.send?.(problems, () => {
    process.disconnect();
  });
}
