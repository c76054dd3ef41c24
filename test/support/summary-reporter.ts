import type { Reporter, TestModule } from 'vitest/node';

/** Prints `N passed, N failed` (and how many were skipped, if any) as the last line of every run. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let passed = 0;
    let skipped = 0;
    let failed = unhandled.length;
    for (const module of modules) {
      let own = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'failed') own += 1;
        else skipped += 1;
      }
      // A file that failed to load has no failed test of its own.
      failed += own > 0 ? own : module.state() === 'failed' ? 1 : 0;
    }
    process.on('exit', () => {
      process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
    });
  }
}
