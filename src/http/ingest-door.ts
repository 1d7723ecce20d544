import type { Bearer } from '../operations/authenticate.ts';
import type { Door } from '../operations/feedback-item.ts';

/** What comes in here was brought by a token, so it counts without further proof (amendment A11). */
export const apiDoor = ({ name, tokenId }: Bearer): Door => ({ name: 'api', authenticated: true, actor: { name, tokenId } });
