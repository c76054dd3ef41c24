import { createUniformReplies, type ReplyName, type UniformOptions } from 'portcullis/uniform';
import { fakeClock } from 'portcullis/testing';
import { eventRecorder } from '../support/recorder.ts';

/** Equal answers with a clock that stands still. */
export function setup(options: UniformOptions = {}) {
  const clock = fakeClock();
  const recorder = eventRecorder();
  return { clock, ...recorder, uniform: createUniformReplies({ clock, emit: recorder.emit, ...options }) };
}

export const replyNames = [
  'sign-in-failed',
  'sign-up-received',
  'sign-up-confirmed',
  'confirmation-failed',
  'forgot-received',
  'password-reset',
  'reset-failed',
  'password-changed',
  'password-change-failed',
  'input-rejected',
  'too-many-requests',
  'busy',
  'cross-site',
] as const satisfies readonly ReplyName[];
