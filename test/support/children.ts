import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

/** A process of a test. It says `ready`, waits for a message, does what it was told and sends `{ answer }`. */
export interface Child {
  readonly child: ChildProcess;
  readonly go: () => void;
  readonly answer: () => Promise<unknown>;
}

/** Starts a file as a process with a task, and waits until it is ready. It is killed after the test. */
export async function startChild(file: string, task: unknown): Promise<Child> {
  const child = fork(file, [JSON.stringify(task)], { execArgv: ['--disable-warning=ExperimentalWarning'], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child, 'message');
  return {
    child,
    go: () => void child.send('go'),
    async answer() {
      const [message] = (await once(child, 'message')) as [{ readonly answer: unknown }];
      return message.answer;
    },
  };
}

/** Starts processes, lets them go at the same moment, answers what they say. */
export async function together(file: string, tasks: readonly unknown[]): Promise<readonly unknown[]> {
  const children = await Promise.all(tasks.map((task) => startChild(file, task)));
  const answers = children.map((each) => each.answer());
  for (const { go } of children) go();
  return Promise.all(answers);
}
