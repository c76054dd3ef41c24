import { parentPort } from 'node:worker_threads';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary as commonDictionary } from '@zxcvbn-ts/language-common';
import { dictionary as englishDictionary } from '@zxcvbn-ts/language-en';

// A file of its own that the meter starts as a worker thread. It imports nothing of this library, so that every build has it whole.

/** What the meter asks. `text` is short: the estimate grows faster than its length. */
interface Question {
  readonly text: string;
  readonly words: readonly string[];
}

const estimator = new ZxcvbnFactory({
  dictionary: { ...commonDictionary, ...englishDictionary },
  graphs: adjacencyGraphs,
  // With the default, 100, a text full of leet characters takes ten times as long.
  l33tMaxSubstitutions: 10,
  maxLength: 64,
});

parentPort?.on('message', ({ text, words }: Question) => {
  parentPort?.postMessage({ score: scoreOf(text, words) });
});
parentPort?.postMessage('ready');

function scoreOf(text: string, words: readonly string[]): number | null {
  try {
    return estimator.check(text, [...words]).score;
  } catch {
    return null;
  }
}
