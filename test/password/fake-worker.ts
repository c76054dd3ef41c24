import { EventEmitter } from 'node:events';
import { commonList } from 'portcullis/breach';
import type { PasswordPolicyOptions } from 'portcullis/password';
import { passwordPolicyWith } from '../../src/password/policy.ts';
import type { StrengthQuestion, WorkerLike } from '../../src/password/strength-thread.ts';

/** A thread in the hands of a test. */
export interface FakeWorker extends WorkerLike {
  readonly questions: StrengthQuestion[];
  readonly state: { ended: boolean; unrefs: number };
  /** Sends a message to the app, as the thread would. */
  say(message: unknown): void;
  /** Ends as a thread does that crashed. */
  crash(): void;
}

/** Makes a worker that says nothing of its own accord; `answer` replies to each question. */
export function fakeWorker(answer?: (question: StrengthQuestion) => unknown): FakeWorker {
  const events = new EventEmitter();
  const questions: StrengthQuestion[] = [];
  const state = { ended: false, unrefs: 0 };
  function end(): void {
    if (state.ended) return;
    state.ended = true;
    events.emit('exit', 1);
  }
  return {
    questions,
    state,
    on: (event, listener) => events.on(event, listener),
    postMessage(question) {
      questions.push(question);
      if (answer !== undefined) queueMicrotask(() => events.emit('message', answer(question)));
    },
    terminate() {
      end();
      return Promise.resolve(1);
    },
    unref() {
      state.unrefs += 1;
    },
    say: (message) => events.emit('message', message),
    crash() {
      events.emit('error', new Error('crashed'));
      end();
    },
  };
}

/** One that is ready at once and gives every password the same score. */
export function readyWorker(score: unknown): FakeWorker {
  const worker = fakeWorker(() => ({ score }));
  queueMicrotask(() => {
    worker.say('ready');
  });
  return worker;
}

/** A policy whose estimator gives every password the same score. */
export function meterOfScore(score: unknown, options: Partial<PasswordPolicyOptions> = {}) {
  return passwordPolicyWith({ commonList: commonList(), ...options }, () => readyWorker(score));
}
