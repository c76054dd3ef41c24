/** Runs the tasks in their order, so many at once. The first failure ends it: no new task is begun. */
export async function inParallel(tasks: readonly (() => Promise<void>)[], concurrency: number): Promise<void> {
  let next = 0;
  let failed = false;
  async function work(): Promise<void> {
    for (let task = tasks[next]; task !== undefined && !failed; task = tasks[next]) {
      next += 1;
      try {
        await task();
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, () => work()));
}
