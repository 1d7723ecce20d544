import { describe, expect, it } from 'vitest';
import { decideQuarantine } from '../../../src/domain/quarantine/decide-quarantine.ts';
import { decideCleanup, erroneousReleasedBefore, mailboxFullReleasedBefore } from '../../../src/domain/quarantine/release.ts';
import { anEntry, at, complaint, failure, hard, POLICY, play, shown, soft, success, trace } from './quarantine-events.ts';

describe('the counter sequences of the specification (7.2)', () => {
  const fourDays = ['03-01 08:00', '03-02 08:00', '03-03 08:00', '03-04 08:00'].map((when) => soft(when));

  it('A: the fifth soft error, one a day, quarantines', () => {
    expect(trace([...fourDays, soft('03-05 08:00')])).toEqual(['ERRONEOUS 1', 'ERRONEOUS 2', 'ERRONEOUS 3', 'ERRONEOUS 4', 'QUARANTINE 5']);
  });

  it('B: errors closer than 24 h to the last counted one do not count, to the second', () => {
    const events = ['03-01 08:00', '03-01 09:00', '03-01 10:00', '03-02 07:59:59', '03-02 08:00:00'].map((when) => soft(when));
    expect(trace(events)).toEqual(['ERRONEOUS 1', 'ERRONEOUS 1', 'ERRONEOUS 1', 'ERRONEOUS 1', 'ERRONEOUS 2']);
  });

  it('C: of errors every 12 h every second one counts', () => {
    const events = ['03-01 00:00', '03-01 12:00', '03-02 00:00', '03-02 12:00', '03-03 00:00'].map((when) => soft(when));
    expect(trace(events)).toEqual(['ERRONEOUS 1', 'ERRONEOUS 1', 'ERRONEOUS 2', 'ERRONEOUS 2', 'ERRONEOUS 3']);
  });

  it('D: 10 d and 1 s after the last counted error the counter starts again', () => {
    expect(trace([...fourDays, soft('03-14 08:00:01')]).at(-1)).toBe('ERRONEOUS 1');
  });

  it('E: exactly 10 d after the last counted error the counter goes on', () => {
    expect(trace([...fourDays, soft('03-14 08:00:00')]).at(-1)).toBe('QUARANTINE 5');
  });

  it('F: a success puts the counter to 0', () => {
    const events = [soft('03-01 08:00'), soft('03-02 08:00'), success('03-02 09:00'), soft('03-03 09:00')];
    expect(trace(events)).toEqual(['ERRONEOUS 1', 'ERRONEOUS 2', 'VALID 0', 'ERRONEOUS 1']);
  });

  it('G: a hard error quarantines whatever the counter, and a success does not free', () => {
    expect(trace([soft('03-01 08:00'), hard('03-01 09:00'), success('03-20 08:00')])).toEqual([
      'ERRONEOUS 1',
      'QUARANTINE 2',
      'QUARANTINE 2',
    ]);
  });

  const hourly = ['03-01 08:00', '03-01 09:00', '03-01 10:00', '03-01 11:00', '03-01 12:00', '03-01 13:00'];
  const daily = ['03-02 08:00', '03-03 08:00', '03-04 08:00', '03-05 08:00'];
  const caseH = [...hourly, ...daily].map((when) => soft(when, 'MAILBOX_FULL'));

  it('H: the ten attempts of a full mailbox count 1 on the first day and quarantine on the fifth', () => {
    const counts = [...hourly.map(() => 'ERRONEOUS 1'), 'ERRONEOUS 2', 'ERRONEOUS 3', 'ERRONEOUS 4', 'QUARANTINE 5'];
    expect(trace(caseH)).toEqual(counts);
    expect(play(caseH)).toMatchObject({ softCaused: true, reason: 'MAILBOX_FULL', statusUpdatedAt: at('03-05 08:00') });
  });

  it('J: ten out-of-office answers make no entry', () => {
    const replies = Array.from({ length: 10 }, (_, day) => failure(`03-${10 + day} 08:00`, { type: 'IGNORED' }));
    expect(play(replies)).toBeNull();
  });

  it('K: an unknown text counts from the second time, a gap later, at the same address', () => {
    const first = failure('03-01 08:00', { type: 'UNDEFINED', reason: 'UNDEFINED', fault: 'UNDETERMINED' });
    const again = { ...first, occurredAt: at('03-02 08:00'), previousUndefinedAt: at('03-01 08:00') };
    const tooSoon = { ...again, occurredAt: at('03-02 07:59:59') };
    expect(decideQuarantine(null, first, POLICY)).toEqual({ changed: false, reason: 'FIRST_UNDEFINED' });
    expect(decideQuarantine(null, tooSoon, POLICY)).toEqual({ changed: false, reason: 'FIRST_UNDEFINED' });
    expect(shown(play([again]))).toBe('ERRONEOUS 1');
  });

  it('L: after a complaint neither a hard error nor a success changes anything', () => {
    expect(trace([complaint('03-01 08:00'), hard('03-02 08:00'), success('03-03 08:00')])).toEqual([
      'DENYLISTED 0',
      'DENYLISTED 0',
      'DENYLISTED 0',
    ]);
  });

  it('M: a hard error of an allowlisted address is to be logged as ignored', () => {
    expect(decideQuarantine(anEntry({ status: 'ALLOWLISTED' }), hard('03-01 08:00'), POLICY)).toEqual({
      changed: false,
      reason: 'ALLOWLISTED',
    });
  });

  it('N: two deliveries of one day share the counter of the address', () => {
    expect(trace([soft('03-01 08:00'), soft('03-01 15:00')])).toEqual(['ERRONEOUS 1', 'ERRONEOUS 1']);
  });

  describe('and their release', () => {
    const statusAfter = (entry: ReturnType<typeof play>, when: string, policy = POLICY) => {
      const decision = entry === null ? null : decideCleanup(entry, at(when), policy);
      return decision?.changed === true ? shown(decision.next) : shown(entry);
    };

    it('(a) ERRONEOUS is kept 9 d 20 h after the last error and released the night after', () => {
      const entry = anEntry({ lastErrorAt: at('03-04 08:00') });
      expect(statusAfter(entry, '03-14 04:00')).toBe('ERRONEOUS 2');
      expect(statusAfter(entry, '03-15 04:00')).toBe('VALID 0');
    });

    it('(a) 10 d 0 s stays, 10 d 1 s is released, and the cut-off for SQL says the same', () => {
      const entry = anEntry({ lastErrorAt: at('03-04 08:00') });
      expect(statusAfter(entry, '03-14 08:00:00')).toBe('ERRONEOUS 2');
      expect(statusAfter(entry, '03-14 08:00:01')).toBe('VALID 0');
      expect(erroneousReleasedBefore(at('03-14 08:00:00'), POLICY)).toEqual(at('03-04 08:00'));
    });

    it('(b) a full mailbox is kept for 30 d and released by the first cleanup after', () => {
      const entry = anEntry({ reason: 'MAILBOX_FULL', lastErrorAt: at('03-05 08:00') });
      expect(statusAfter(entry, '04-04 04:00')).toBe('ERRONEOUS 2');
      expect(statusAfter(entry, '04-04 07:59:59')).toBe('ERRONEOUS 2');
      expect(statusAfter(entry, '04-04 08:00:00')).toBe('VALID 0');
      expect(statusAfter(entry, '04-05 04:00')).toBe('VALID 0');
      expect(mailboxFullReleasedBefore(at('04-04 08:00:00'), POLICY)).toEqual(at('03-05 08:00'));
    });

    it('(b) the same holds for the QUARANTINE of case H while the switch is on', () => {
      const quarantined = play(caseH);
      expect(statusAfter(quarantined, '04-04 04:00')).toBe('QUARANTINE 5');
      expect(statusAfter(quarantined, '04-05 04:00')).toBe('VALID 0');
    });

    it('(b) with the switch off case H stays in QUARANTINE', () => {
      expect(statusAfter(play(caseH), '12-31 04:00', { ...POLICY, releaseMailboxFullQuarantine: false })).toBe('QUARANTINE 5');
    });

    it('(c) QUARANTINE for an unknown user is kept for years', () => {
      expect(statusAfter(play([hard('01-01 08:00')]), '12-31 04:00')).toBe('QUARANTINE 1');
    });

    it('(d) DENYLISTED is kept', () => {
      expect(statusAfter(play([soft('01-01 07:00', 'MAILBOX_FULL'), complaint('01-01 08:00')]), '12-31 04:00')).toBe('DENYLISTED 1');
    });
  });
});
