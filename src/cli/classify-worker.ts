// A thread that classifies what the command hands to it: see classify-crew.ts.
import { parentPort } from 'node:worker_threads';
import { defaultRuleBook } from '../domain/qualification/rule-book.ts';
import { classifyBatch } from './classify-batch.ts';
import { type PackedBatch, unpack } from './packed-batch.ts';

const port = parentPort;
if (port === null) throw new Error('this file is a thread of lazaret classify and nothing on its own');
const book = defaultRuleBook();
port.on('message', ({ packed, json }: { packed: PackedBatch; json: boolean }) =>
  port.postMessage(classifyBatch(unpack(packed), book, json)),
);
port.postMessage('ready');
