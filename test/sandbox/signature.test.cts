import { Hash } from '@smithy/hash-node';
import { SignatureV4 } from '@smithy/signature-v4';

import {
	isSignedGet,
	presignGet,
	signatureOfPolicy,
	type SigningKey,
} from '../../sandbox/s3/signature.cts';

/** The key of the examples in AWS's documentation. */
const DOCUMENTED: SigningKey = {
	accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
	secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
	region: 'us-east-1',
};

const KEYS: SigningKey[] = [
	DOCUMENTED,
	{ accessKeyId: 'AKIASANDBOX', secretAccessKey: 'a+b/c=d', region: 'ap-southeast-2' },
	{ accessKeyId: 'AKIAOTHER', secretAccessKey: 'x'.repeat(100), region: 'eu-central-1' },
];
const TIMES = ['2013-05-24T00:00:00.000Z', '2024-02-29T23:59:59.999Z', '2027-01-01T12:30:00.000Z'];
const CASES = KEYS.flatMap((key) => TIMES.map((time) => ({ ...key, time })));

/** The header that tells the SDK that the body is not signed. */
const PAYLOAD = 'x-amz-content-sha256';

/** The signer of AWS's SDK. */
const awsSigner = ({ region, ...credentials }: SigningKey) =>
	new SignatureV4({
		service: 's3',
		region,
		credentials,
		sha256: Hash.bind(null, 'sha256'),
		uriEscapePath: false,
		applyChecksum: false,
	});

describe('The signature of a POST policy', () => {
	it('is the one in AWS’s documentation', () => {
		// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html
		const policy =
			'eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9';
		expect(signatureOfPolicy(policy, '20151229', DOCUMENTED)).toBe(
			'8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e',
		);
	});

	it.each(CASES)('is AWS’s for $accessKeyId in $region at $time', async ({ time, ...key }) => {
		const policy = Buffer.from(JSON.stringify({ expiration: time, conditions: [] })).toString(
			'base64',
		);
		const day = time.slice(0, 10).replaceAll('-', '');
		expect(signatureOfPolicy(policy, day, key)).toBe(
			await awsSigner(key).sign(policy, { signingDate: new Date(time) }),
		);
	});
});

describe('A presigned GET', () => {
	it('is the one in AWS’s documentation', () => {
		// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
		const url = presignGet(
			'examplebucket.s3.amazonaws.com',
			'test.txt',
			Date.UTC(2013, 4, 24),
			86_400_000,
			DOCUMENTED,
		);
		expect(new URL(url).searchParams.get('X-Amz-Signature')).toBe(
			'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
		);
	});

	it.each(CASES)('is AWS’s for $accessKeyId in $region at $time', async ({ time, ...key }) => {
		const hostname = 'files.s3.amazonaws.com';
		for (const name of ['a.pdf', 'folder/a b+c&d#e%41.txt', 'žluťoučký 😀.txt', "(it's!).*"]) {
			const ours = new URL(presignGet(hostname, name, Date.parse(time), 60_000, key));
			const { query } = await awsSigner(key).presign(
				{
					method: 'GET',
					protocol: 'https:',
					hostname,
					path: ours.pathname,
					headers: { host: hostname, [PAYLOAD]: 'UNSIGNED-PAYLOAD' },
				},
				{
					signingDate: new Date(time),
					expiresIn: 60,
					unhoistableHeaders: new Set([PAYLOAD]),
					unsignableHeaders: new Set([PAYLOAD]),
				},
			);
			expect(Object.fromEntries(ours.searchParams)).toEqual(query);
		}
	});

	it('is recognized, and not once anything about it has changed', () => {
		const url = presignGet('files.s3.amazonaws.com', "it's (1).pdf", Date.now(), 60_000);
		expect(isSignedGet(new URL(url))).toBe(true);
		for (const [text, other] of [
			['1', '2'],
			['files', 'others'],
			['Expires=60', 'Expires=61'],
			['ap-southeast-2', 'us-east-1'],
			['Signature=', 'Signature=0'],
			['AKIA', 'AKIB'],
		] as const) {
			const changed = url.replace(text, other);
			expect(changed).not.toBe(url);
			expect(isSignedGet(new URL(changed))).toBe(false);
		}
	});
});
