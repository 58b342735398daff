/** One part of a bucket's name. Amazon allows none that begins with `xn--`, as a name in IDN does. */
const LABEL = '(?!xn--)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';

/** Such as `ap-southeast-2` and `us-gov-west-1`. */
const REGION = '[a-z]{2,4}(?:-[a-z]+){1,2}-\\d{1,2}';

/**
 * The endpoints of Amazon S3 (AWS, "Amazon S3 endpoints and quotas") below the domains of its
 * partitions: the global one, those of the regions in the form of today and in the old one with a
 * hyphen, dual stack, FIPS.
 */
const ENDPOINT = `(?:s3|s3-external-1|s3(?:-fips)?(?:\\.dualstack)?[.-]${REGION})`;

/** Takes a bucket's name in front of it, and nothing else. */
const ACCELERATED = 's3-accelerate(?:\\.dualstack)?';

const S3_HOST = new RegExp(
	`^(?:(?:${LABEL}\\.)*${ENDPOINT}|(?:${LABEL}\\.)+${ACCELERATED})\\.amazonaws\\.(?:com|com\\.cn|eu)$`,
);

/**
 * Whether an address is one of Amazon S3: https, on the default port, without a user's part, and on
 * a host that nobody but S3 answers on. Others can rent a host below `amazonaws.com` as well, so its
 * end is not enough. The bucket may stand in the host or in the path.
 */
export function isS3Host({ protocol, username, password, port, hostname }: URL): boolean {
	return protocol === 'https:' && !username && !password && port === '' && S3_HOST.test(hostname);
}
