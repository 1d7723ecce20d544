import { describe, expect, it } from 'vitest';
import { indexKnownTexts, scoreKnownTexts, suggestVerdict } from '../../../src/domain/qualification/suggest-verdict.ts';
import type { Meaning } from '../../../src/domain/qualification/verdict.ts';

const UNKNOWN: Meaning = { type: 'HARD', reason: 'USER_UNKNOWN', fault: 'RECIPIENT' };
const FULL: Meaning = { type: 'SOFT', reason: 'MAILBOX_FULL', fault: 'RECIPIENT' };

const index = indexKnownTexts([
  { text: '550 <*> the person you want to reach has gone fishing for good', meaning: UNKNOWN },
  { text: '550 <*> the shelf of this person holds no more letters', meaning: FULL },
  { text: '550 <*> go away', meaning: { type: 'SOFT', reason: 'REFUSED', fault: 'SENDER' } },
]);

describe('suggesting a verdict', () => {
  it('takes that of the nearest known text and shows it with its score', () => {
    const suggestion = suggestVerdict('554 <*> shelf of person #ID# holds no more letters', index);
    expect(suggestion).toMatchObject({ meaning: FULL, nearestText: '550 <*> the shelf of this person holds no more letters' });
    expect(suggestion?.score).toBeGreaterThan(0.4);
    expect(suggestion?.score).toBeLessThan(1);
  });

  it('the same words are as near as can be, whatever varies between them', () => {
    expect(suggestVerdict('550 <*> GO away #ID#', index)?.score).toBeCloseTo(1, 10);
  });

  it('says nothing where nothing is near', () => {
    expect(suggestVerdict('554 entirely different words', index)).toBeNull();
    expect(suggestVerdict('', index)).toBeNull();
    expect(suggestVerdict('550 go away', indexKnownTexts([]))).toBeNull();
  });

  it('the earlier of two equally near texts wins', () => {
    const twins = indexKnownTexts([
      { text: 'closed for ever', meaning: UNKNOWN },
      { text: 'for ever closed', meaning: FULL },
    ]);
    expect(suggestVerdict('for ever closed', twins)?.nearestText).toBe('closed for ever');
  });
});

describe('scoring known texts', () => {
  it('leaves out texts that share no word and is highest for the same words', () => {
    const scores = scoreKnownTexts('550 go away', index);
    expect([...scores.keys()].sort()).toEqual([0, 1, 2]);
    expect(scores.get(2)).toBeCloseTo(1, 10);
    expect(scores.get(0)).toBeLessThan(0.3);
    expect(scoreKnownTexts('fishing', index).size).toBe(1);
  });
});
