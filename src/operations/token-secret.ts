import { createHash, randomBytes } from 'node:crypto';

/** Every token begins with it, so that a secret in the wrong place can be recognised. */
export const TOKEN_MARK = 'lzt_';
const RANDOM_BYTES = 32;
const SHOWN_CHARACTERS = 8;

/** A new token: 256 random bits. */
export const makeTokenSecret = (): string => TOKEN_MARK + randomBytes(RANDOM_BYTES).toString('base64url');

/** What is kept of a token. Its 256 bits cannot be guessed, so a fast hash is enough and lets the index find the row. */
export const hashToken = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** The beginning of a token, to be shown: tells a person which one it is. */
export const tokenPrefix = (secret: string): string => secret.slice(0, TOKEN_MARK.length + SHOWN_CHARACTERS);
