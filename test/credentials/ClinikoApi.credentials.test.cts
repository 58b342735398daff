import { validateHeaderValue } from 'node:http';
import {
	Expression,
	type IAuthenticate,
	type ICredentialDataDecryptedObject,
	type IHttpRequestOptions,
	type INodePropertyOptions,
	type IWorkflowDataProxyData,
} from 'n8n-workflow';

import { ClinikoApi } from '../../credentials/ClinikoApi.credentials.ts';
import { rejection } from '../nodes/Cliniko/connection.cts';

/** The example in Cliniko's documentation. */
const KEY = 'MxJrZXkiOiI1Njd1amJmZTQ1NyJ9-au2';
const HEADER = 'Basic TXhKclpYa2lPaUkxTmpkMWFtSm1aVFExTnlKOS1hdTI6';

const credential = new ClinikoApi();

const sign = async (
	request: IHttpRequestOptions,
	more: ICredentialDataDecryptedObject = {},
): Promise<IHttpRequestOptions> => {
	const authenticate = credential.authenticate as Extract<
		IAuthenticate,
		(...args: never[]) => unknown
	>;
	return await authenticate(
		{ apiKey: KEY, shard: '', contactEmail: 'reception@clinic.example', ...more },
		request,
	);
};

const toCliniko: IHttpRequestOptions = { url: 'https://api.au2.cliniko.com/v1/user' };

const basic = ({ auth }: IHttpRequestOptions) =>
	`Basic ${Buffer.from(`${auth?.username}:${auth?.password}`).toString('base64')}`;

describe('The Cliniko credential', () => {
	describe('signs a request', () => {
		it.each([
			['as it is', KEY],
			['with the line break of an e-mail after it', `${KEY}\r\n`],
			['with spaces around it', `  ${KEY}\t`],
		])('with the documented Basic header for a key %s', async (_, apiKey) => {
			expect(basic(await sign(toCliniko, { apiKey }))).toBe(HEADER);
		});

		it('with the contact address in the User-Agent, and requests JSON', async () => {
			const { headers } = await sign(toCliniko, { contactEmail: ' reception@clinic.example\n' });

			expect(headers).toEqual({
				Accept: 'application/json',
				'User-Agent': 'n8n-nodes-cliniko (reception@clinic.example)',
			});
		});

		it('and keeps what the request says itself', async () => {
			const signed = await sign({
				...toCliniko,
				method: 'POST',
				body: '{}',
				headers: { 'Content-Type': 'application/json', Accept: '*/*' },
			});

			expect(signed).toMatchObject({
				...toCliniko,
				method: 'POST',
				body: '{}',
				headers: { 'Content-Type': 'application/json', Accept: '*/*' },
			});
		});

		it('of the HTTP Request node too, which names its address otherwise', async () => {
			const request = { uri: toCliniko.url } as unknown as IHttpRequestOptions;

			expect(basic(await sign(request))).toBe(HEADER);
		});

		it('and does not let a request name another client than this package', async () => {
			const { headers } = await sign({ ...toCliniko, headers: { 'User-Agent': 'someone else' } });

			expect(headers?.['User-Agent']).toBe('n8n-nodes-cliniko (reception@clinic.example)');
		});

		it('without changing the request it was given', async () => {
			const request = { ...toCliniko, headers: { 'X-Own': '1' } };

			await sign(request);

			expect(request).toEqual({ ...toCliniko, headers: { 'X-Own': '1' } });
		});

		it('and keeps the key from the store that a download is redirected to', async () => {
			expect((await sign(toCliniko)).sendCredentialsOnCrossOriginRedirect).toBe(false);
		});
	});

	describe('refuses', () => {
		it.each([
			['missing', undefined!],
			['empty', '  '],
			['without a domain', 'reception'],
			['without a dot in its domain', 'reception@clinic'],
			['with a line break and a header of its own', 'a@clinic.example\r\nX-Evil: 1'],
			['with a name beside it', 'Jane <a@clinic.example>'],
			['that closes the brackets', 'a@clinic.example) (b'],
		])('a contact address that is %s', async (_, contactEmail) => {
			const error = await rejection(sign(toCliniko, { contactEmail }));

			expect(error.message).toContain('contact e-mail');
		});

		it.each([
			['letters outside of a header’s alphabet', '受付@clinic.example'],
			['a control character', 'a\u0000b@clinic.example'],
		])('a contact address with %s, which no header can carry', async (_, contactEmail) => {
			// n8n would fail to send it and report "Cliniko did not answer".
			const sendable = sign(toCliniko, { contactEmail }).then(({ headers }) =>
				validateHeaderValue('User-Agent', String(headers?.['User-Agent'])),
			);

			expect((await rejection(sendable)).message).toContain('contact e-mail');
		});

		it.each([
			['another shard', { url: 'https://api.au1.cliniko.com/v1/user' }],
			['http', { url: 'http://api.au2.cliniko.com/v1/user' }],
			['another protocol', { url: 'ftp://api.au2.cliniko.com/v1/user' }],
			['another host', { url: 'https://evil.example/v1/user' }],
			['a host that only starts like it', { url: 'https://api.au2.cliniko.com.evil.example/' }],
			['a host that only ends like it', { url: 'https://evilapi.au2.cliniko.com/' }],
			['another port', { url: 'https://api.au2.cliniko.com:8443/v1/user' }],
			['another host behind a user name', { url: 'https://api.au2.cliniko.com@evil.example/' }],
			['the same with a password', { url: 'https://api.au2.cliniko.com:x@evil.example/' }],
			['another host and a backslash', { url: 'https://evil.example\\@api.au2.cliniko.com/' }],
			['another host and a fragment', { url: 'https://evil.example#@api.au2.cliniko.com/' }],
			['no host', { url: '/user' }],
			['nothing', { url: '' }],
			[
				'a whole address that overrides the base',
				{ baseURL: 'https://api.au2.cliniko.com/v1', url: 'https://evil.example/user' },
			],
			[
				'an address without protocol that overrides the base',
				{ baseURL: 'https://api.au2.cliniko.com/v1', url: '//evil.example/user' },
			],
			[
				'an address with some other protocol that overrides the base',
				{ baseURL: 'https://api.au2.cliniko.com/v1', url: 'HTTP://evil.example/user' },
			],
			['another base', { baseURL: 'https://evil.example', url: '/api.au2.cliniko.com/v1/user' }],
			['a base that the path completes', { baseURL: 'https:', url: '//evil.example' }],
			['a base without a host', { baseURL: '/v1', url: 'user' }],
			[
				'another host as the HTTP Request node names it',
				{ uri: 'https://evil.example/v1/user' } as never,
			],
			[
				'another host beside a right one that n8n does not take',
				{ url: 'https://evil.example/', uri: 'https://api.au2.cliniko.com/v1/user' } as never,
			],
		])('to send the key to %s', async (_, request) => {
			const error = await rejection(sign(request));

			expect(error.message).toContain('https://api.au2.cliniko.com only');
			expect(`${error.message} ${error.description}`).not.toContain(KEY.slice(0, 8));
		});

		it('a credential without a key', async () => {
			expect((await rejection(sign(toCliniko, { apiKey: ' ' }))).message).toContain('no API key');
		});

		it('a shard that would make another host of the address', async () => {
			const request = sign(
				{ url: 'https://api.au1.evil.example/' },
				{ shard: 'other', customShard: 'au1.evil.example/#' },
			);

			expect((await rejection(request)).message).toContain('not a shard');
		});
	});

	it.each([
		['a whole address', { url: 'https://api.au2.cliniko.com/v1/patients?page=2' }],
		['the usual port', { url: 'https://api.au2.cliniko.com:443/v1/user' }],
		['a host in capitals', { url: 'https://API.AU2.cliniko.com/v1/user' }],
		['a base and a path', { baseURL: 'https://api.au2.cliniko.com/v1', url: '/user' }],
		['a base and a path without slash', { baseURL: 'https://api.au2.cliniko.com/v1', url: 'user' }],
		['a whole address and the base', { baseURL: 'https://evil.example', ...toCliniko }],
	])('signs a request with %s', async (_, request) => {
		expect(basic(await sign(request))).toBe(HEADER);
	});

	describe('has fields that saved workflows depend on', () => {
		const field = (name: string) => credential.properties.find((one) => one.name === name);
		const shards = field('shard')?.options as INodePropertyOptions[];

		it('with the names apiKey, shard, customShard and contactEmail', () => {
			expect(credential.name).toBe('clinikoApi');
			expect(credential.properties.map(({ name }) => name)).toEqual([
				'apiKey',
				'shard',
				'customShard',
				'contactEmail',
			]);
		});

		it('and hides the key', () => {
			expect(field('apiKey')).toMatchObject({
				type: 'string',
				typeOptions: { password: true },
				required: true,
			});
		});

		it('and asks for a contact address', () => {
			expect(field('contactEmail')?.required).toBe(true);
		});

		it('and finds the shard out by itself unless it is told', () => {
			expect(field('shard')?.default).toBe('');
			expect(shards.map(({ value }) => value)).toEqual([
				'au1',
				'au2',
				'au3',
				'au4',
				'au5',
				'ca1',
				'',
				'eu1',
				'other',
				'uk1',
				'uk2',
				'uk3',
			]);
		});

		it('and lists the shards in the order of their names', () => {
			const names = shards.map(({ name }) => name);

			expect(names).toEqual([...names].sort((a, b) => a.localeCompare(b)));
		});

		it('and asks for a shard by name only if it is "other"', () => {
			expect(field('customShard')?.displayOptions).toEqual({ show: { shard: ['other'] } });
		});
	});

	describe('is tested', () => {
		const { baseURL, url } = credential.test.request;
		const address = (values: ICredentialDataDecryptedObject) =>
			new Expression('UTC').resolveSimpleParameterValue(baseURL!, {
				$credentials: values,
			} as unknown as IWorkflowDataProxyData);

		it.each([
			['a key without a shard', { apiKey: 'MS0xLWtleQ', shard: '' }, 'au1'],
			['a key with a shard', { apiKey: 'MS0xLWtleQ-uk2', shard: '' }, 'uk2'],
			['a key with a shard in capitals', { apiKey: 'MS0xLWtleQ-UK2', shard: '' }, 'uk2'],
			['a key with a line break', { apiKey: 'MS0xLWtleQ-uk2\n', shard: '' }, 'uk2'],
			['a key with hyphens', { apiKey: 'a-au3-b-uk2', shard: '' }, 'uk2'],
			['a chosen shard', { apiKey: 'MS0xLWtleQ', shard: 'eu1' }, 'eu1'],
			['another shard', { apiKey: 'MS0xLWtleQ', shard: 'other', customShard: ' AU6 ' }, 'au6'],
			[
				'a shard typed before the choice was taken back',
				{ apiKey: 'MS0xLWtleQ', shard: '', customShard: 'au6' },
				'au1',
			],
		])('at the shard of %s, when it may be signed', async (_, values, shard) => {
			expect(address(values)).toBe(`https://api.${shard}.cliniko.com/v1`);
			const signed = await sign({ baseURL: String(address(values)), url: url! }, values);
			expect(signed.auth?.username).toBe(values.apiKey.trim());
		});

		it('by asking who its user is', () => {
			expect(url).toBe('/user');
		});

		it('and says what is wrong when Cliniko refuses it', () => {
			const messages = credential.test.rules?.map(({ properties }) => properties);

			expect(messages).toEqual([
				{ value: 401, message: expect.stringContaining('refused this API key') },
				{ value: 403, message: expect.stringContaining('does not let its user in') },
			]);
		});
	});
});
