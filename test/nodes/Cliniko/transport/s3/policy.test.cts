import { readPolicy } from '../../../../../nodes/Cliniko/transport/s3/policy.ts';

const encoded = (policy: unknown) => Buffer.from(JSON.stringify(policy)).toString('base64');

const EXPIRATION = '2026-03-02T10:00:00.000Z';

describe('The policy of a presigned post', () => {
	it('says when it ends, and which sizes and types it takes', () => {
		const policy = encoded({
			expiration: EXPIRATION,
			conditions: [
				{ acl: 'private' },
				['starts-with', '$key', '123/patients/456/'],
				['content-length-range', 1, 52428800],
				['starts-with', '$Content-Type', 'image/'],
				{ 'x-amz-date': '20260302T090000Z' },
			],
		});

		expect(readPolicy(policy)).toEqual({
			expiration: Date.parse(EXPIRATION),
			size: { min: 1, max: 52428800 },
			contentType: { match: 'starts-with', value: 'image/' },
			key: [{ match: 'starts-with', value: '123/patients/456/' }],
		});
	});

	it('says what must be true of the key, all of it', () => {
		const conditions = [['Starts-With', '$Key', 'a/'], { acl: 'private' }, { key: 'a/b.pdf' }];

		expect(readPolicy(encoded({ conditions }))).toEqual({
			key: [
				{ match: 'starts-with', value: 'a/' },
				{ match: 'eq', value: 'a/b.pdf' },
			],
		});
	});

	it.each([
		['a list', ['eq', '$content-type', 'application/pdf']],
		['an object', { 'Content-Type': 'application/pdf' }],
		['capitals', ['EQ', '$CONTENT-TYPE', 'application/pdf']],
	])('may ask for exactly one type as %s', (_, condition) => {
		expect(readPolicy(encoded({ conditions: [condition] }))).toEqual({
			contentType: { match: 'eq', value: 'application/pdf' },
		});
	});

	it.each([
		['capitals', ['Content-Length-Range', 0, 10]],
		['text', ['content-length-range', '0', '10']],
	])('may give the sizes in %s', (_, condition) => {
		expect(readPolicy(encoded({ conditions: [condition] }))).toEqual({ size: { min: 0, max: 10 } });
	});

	it('may take every type', () => {
		expect(readPolicy(encoded({ conditions: [['starts-with', '$Content-Type', '']] }))).toEqual({
			contentType: { match: 'starts-with', value: '' },
		});
	});

	it.each([
		['missing', undefined],
		['empty', ''],
		['no base64', '***'],
		['no JSON', Buffer.from('<xml/>').toString('base64')],
		['a text', encoded('policy')],
		['null', encoded(null)],
		['a list', encoded([1])],
		['without conditions', encoded({})],
		['with conditions of another kind', encoded({ conditions: { acl: 'private' } })],
		['with odd conditions', encoded({ conditions: [null, 1, 'x', {}, [], [null], ['eq']] })],
		['with odd sizes', encoded({ conditions: [['content-length-range', 'a', 'b']] })],
		['with one size', encoded({ conditions: [['content-length-range', 1]] })],
		['with an end that is no date', encoded({ expiration: 'tomorrow' })],
		['with an end that is a number', encoded({ expiration: 12 })],
	])('is no reason to refuse a file when it is %s', (_, policy) => {
		expect(readPolicy(policy)).toEqual({});
	});
});
