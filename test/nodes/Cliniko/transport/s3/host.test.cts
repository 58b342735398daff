import { isS3Host } from '../../../../../nodes/Cliniko/transport/s3/host.ts';

const isS3 = (address: string) => isS3Host(new URL(address));

describe('A host of Amazon S3', () => {
	it.each([
		'https://cliniko-files-production-ap-southeast-2.s3.ap-southeast-2.amazonaws.com/',
		'https://cliniko-files-example-bucket.s3.amazonaws.com/',
		'https://a.bucket.with.dots.s3.eu-central-1.amazonaws.com/',
		'https://CLINIKO-FILES.S3.AMAZONAWS.COM/',
		'https://cliniko-files.s3.amazonaws.com:443/',
		'https://cliniko-files.s3-ap-southeast-2.amazonaws.com/',
		'https://cliniko-files.s3-external-1.amazonaws.com/',
		'https://cliniko-files.s3.dualstack.ap-southeast-2.amazonaws.com/',
		'https://cliniko-files.s3-accelerate.amazonaws.com/',
		'https://cliniko-files.s3-accelerate.dualstack.amazonaws.com/',
		'https://cliniko-files.s3-fips.ca-central-1.amazonaws.com/',
		'https://cliniko-files.s3-fips.dualstack.us-east-1.amazonaws.com/',
		'https://cliniko-files.s3-fips-us-gov-west-1.amazonaws.com/',
		'https://cliniko-files.s3.us-gov-west-1.amazonaws.com/',
		'https://cliniko-files.s3.cn-north-1.amazonaws.com.cn/',
		'https://cliniko-files.s3.eusc-de-east-1.amazonaws.eu/',
		'https://s3.amazonaws.com/cliniko-files/',
		'https://s3.ap-southeast-2.amazonaws.com/Cliniko_Files/',
		'https://s3-ap-southeast-2.amazonaws.com/cliniko-files',
		'https://s3.dualstack.ap-southeast-2.amazonaws.com/cliniko-files/a/b.pdf?X-Amz-Signature=0af1',
	])('is that of %s', (address) => {
		expect(isS3(address)).toBe(true);
	});

	it.each([
		['another company’s', 'https://evil.example/'],
		['one that only ends like it', 'https://files.evils3.amazonaws.com/'],
		['one that only ends like the domain', 'https://files.s3.notamazonaws.com/'],
		['one that only begins like it', 'https://files.s3.amazonaws.com.evil.example/'],
		['one under another end', 'https://files.s3.amazonaws.com.au/'],
		['one in another country', 'https://files.s3.amazonaws.cn/'],
		['a name in the path', 'https://evil.example/files.s3.amazonaws.com/'],
		['a name in the user’s part', 'https://files.s3.amazonaws.com@evil.example/'],
		['a user’s part', 'https://user@files.s3.amazonaws.com/'],
		['a password', 'https://:secret@files.s3.amazonaws.com/'],
		['another port', 'https://files.s3.amazonaws.com:8443/'],
		['no TLS', 'http://files.s3.amazonaws.com/'],
		['no TLS on the port of TLS', 'http://files.s3.amazonaws.com:443/'],
		['a dot at the end', 'https://files.s3.amazonaws.com./'],
		['an empty bucket', 'https://.s3.amazonaws.com/'],
		['an empty part of a bucket', 'https://a..b.s3.amazonaws.com/'],
		['a hyphen at the edge', 'https://files-.s3.amazonaws.com/'],
		['letters that look like others', 'https://fіles.s3.amazonaws.com/'],
		['the same in ASCII', 'https://xn--fles-y4d.s3.amazonaws.com/'],
		['a virtual machine of anybody’s', 'https://ec2-3-4-5-6.us-east-1.compute.amazonaws.com/'],
		['a load balancer of anybody’s', 'https://s3-123.us-east-1.elb.amazonaws.com/'],
		['an API of anybody’s', 'https://s3.execute-api.us-east-1.amazonaws.com/'],
		['a website of anybody’s', 'https://files.s3-website-us-east-1.amazonaws.com/'],
		['the same in its other form', 'https://files.s3-website.us-east-1.amazonaws.com/'],
		['no host of files', 'https://amazonaws.com/'],
		['the console', 'https://s3.console.aws.amazon.com/'],
		['an address in numbers', 'https://52.95.128.1/'],
		['acceleration of no bucket', 'https://s3-accelerate.amazonaws.com/files/'],
	])('is not %s', (_, address) => {
		expect(isS3(address)).toBe(false);
	});
});
