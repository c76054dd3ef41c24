export { createSessionEpochs, epochsDefaults, type EpochsOptions, type EpochSubject, type EpochVerdict, type SessionEpochs } from './epochs.ts';
