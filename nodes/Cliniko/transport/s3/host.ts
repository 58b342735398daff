/** One part of a bucket's name. Amazon does not allow the prefix `xn--`, which marks an IDN. */
const LABEL = '(?!xn--)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';

/** Such as `ap-southeast-2` and `us-gov-west-1`. */
const REGION = '[a-z]{2,4}(?:-[a-z]+){1,2}-\\d{1,2}';

/**
 * The endpoints of Amazon S3 (AWS, "Amazon S3 endpoints and quotas") without their domain: global;
 * regional, in the current form and the older one with a hyphen; dual stack; FIPS.
 */
const ENDPOINT = `(?:s3|s3-external-1|s3(?:-fips)?(?:\\.dualstack)?[.-]${REGION})`;

/** The accelerated endpoint, which requires the bucket's name as a prefix. */
const ACCELERATED = 's3-accelerate(?:\\.dualstack)?';

const S3_HOST = new RegExp(
	`^(?:(?:${LABEL}\\.)*${ENDPOINT}|(?:${LABEL}\\.)+${ACCELERATED})\\.amazonaws\\.(?:com|com\\.cn|eu)$`,
);

/**
 * Whether a URL is Amazon S3's: https, the default port, no user name or password, and a host that
 * only S3 can have. Other AWS customers have hosts under `amazonaws.com` too, so the domain alone is not
 * enough. The bucket may be in the host or in the path.
 */
export function isS3Host({ protocol, username, password, port, hostname }: URL): boolean {
	return protocol === 'https:' && !username && !password && port === '' && S3_HOST.test(hostname);
}
