/** What time does to privacy requests (RET-2): erasures that nobody confirmed lapse, files go, and old requests name nobody any more. */
import { DAY_MS } from '../domain/settings/settings.ts';
import { forgetSubjects, lapsePrivacyRequests, purgeFileParts } from '../store/privacy-requests.ts';
import type { CleanupTask } from './cleanup-task.ts';

/** A part of a file may be as large as the largest message. */
const PARTS_A_SLICE = 20;

const lapsedErasures: CleanupTask = {
  name: 'lapsedErasures',
  run: async ({ instance, at, keepOn }) => {
    await keepOn();
    return lapsePrivacyRequests(instance.database, 'Nobody confirmed the erasure in time: nothing was erased.', at);
  },
};

const privacyFiles: CleanupTask = {
  name: 'privacyFiles',
  run: async ({ instance, settings, at, keepOn }) => {
    let purged = 0;
    for (let deleted = PARTS_A_SLICE; deleted === PARTS_A_SLICE; purged += deleted) {
      await keepOn();
      deleted = await purgeFileParts(instance.database, at, PARTS_A_SLICE);
    }
    await forgetSubjects(instance.database, new Date(at.getTime() - settings.privacyFileRetention * DAY_MS), at);
    return purged;
  },
};

export const PRIVACY_TASKS: readonly CleanupTask[] = [lapsedErasures, privacyFiles];
