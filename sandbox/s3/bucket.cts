import { randomBytes } from 'node:crypto';

export const BUCKET = 'cliniko-files-sandbox';
export const REGION = 'ap-southeast-2';
export const BUCKET_HOST = `${BUCKET}.s3.${REGION}.amazonaws.com`;

/** The access key that presigned posts are signed with; the secret is random in each process. */
export const ACCESS_KEY_ID = 'AKIASANDBOXONLY00000';
export const SECRET_ACCESS_KEY = randomBytes(30).toString('base64');
